"""Kinds of secrets of services: models, code hosts, packages, messages, payments, tools of teams."""

from __future__ import annotations

from typing import Final

from emulator.base.secrets.kinds import kind, prefixed

#: What may not stand before a short prefix.
_WORD: Final = r"(?<![A-Za-z0-9_-])"

# ---- Models ----

kind("OpenAI key", "sk-|sess-", r"(?:sk|sess)-[A-Za-z0-9_*-]{6,}", "sk-proj-{74}")
kind(
    "OpenAI key in a word",
    "sk-",
    r"sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_*-]{6,}|(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{20,})",
    "mysk-{48}",
    begin="",
)
kind("OpenAI organisation or project", "org-|proj_", r"(?:org-|proj_)[A-Za-z0-9_-]{6,}", "org-{24}")
kind(
    "rejected key",
    "API key provided: ",
    r"API key provided: ([^\s\"']+?)\.?(?=[\s\"']|$)",
    "Incorrect API key provided: ⟦{12}⟧. You can",
    begin="",
)
kind(
    "organisation in an error",
    "in organization ",
    r"in organization (\S+) on (?:tokens|requests)",
    "Rate limit reached for gpt-4o in organization ⟦acme-{6}⟧ on tokens per min",
    begin="",
)
prefixed("Anthropic key", "sk-ant-", "sk-ant-api03-{86}-{6}AA")
prefixed("OpenRouter key", "sk-or-", "sk-or-v1-{64:hex}")
prefixed("Langfuse key", "sk-lf-|pk-lf-", "sk-lf-{8:hex}-{4:hex}-{4:hex}-{4:hex}-{12:hex}")
prefixed("Groq key", "gsk_", "gsk_{52}", at_least=20, of="A-Za-z0-9")
prefixed("xAI key", "xai-", "xai-{80}", at_least=20, of="A-Za-z0-9")
prefixed("Tavily key", "tvly-", "tvly-dev-{32}")
prefixed("Pinecone key", "pcsk_", "pcsk_{6}_{63}", at_least=20, of="A-Za-z0-9_")
prefixed("Replicate token", "r8_", "r8_{37}", at_least=20, of="A-Za-z0-9")
prefixed("Hugging Face token", "hf_|api_org_", "hf_{34}", at_least=10, of="A-Za-z0-9")
prefixed("Perplexity key", "pplx-", "pplx-{48}", at_least=20, of="A-Za-z0-9")
prefixed("Cerebras key", "csk-", "csk-{48}", at_least=20, of="A-Za-z0-9")
prefixed("NVIDIA key", "nvapi-", "nvapi-{64}")
prefixed("LangSmith key", "lsv2_", "lsv2_pt_{32:hex}_{10:hex}")
prefixed("Jina key", "jina_", "jina_{60}", at_least=20)
kind("Fireworks key", "fw_", r"fw_(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{20,}", "fw_{24}", begin=_WORD)
prefixed("Together key", "tgp_v1_", "tgp_v1_{43}")
kind("Voyage key", "pa-", r"pa-(?=\S*\d)[A-Za-z0-9_-]{40,}", "pa-{43}", begin=_WORD)
kind("ElevenLabs key", "sk_", r"sk_[0-9a-f]{40,}", "sk_{48:hex}", begin=_WORD)
kind("Firecrawl key", "fc-", r"fc-[0-9a-f]{32}\b", "fc-{32:hex}", begin=_WORD)
kind("LlamaCloud key", "llx-", r"llx-(?=\S*\d)[A-Za-z0-9_-]{20,}", "llx-{48}", begin=_WORD)
prefixed("Weights & Biases key", "wandb_v1_", "wandb_v1_{30}_{20}", of="A-Za-z0-9_")

# ---- Code and packages ----

prefixed("GitHub token", "ghp_|gho_|ghu_|ghs_|ghr_|github_pat_", "ghp_{36}", at_least=10, of="A-Za-z0-9_")
prefixed(
    "GitLab token",
    "glpat-|gldt-|glrt-|glcbt-|glptt-|glft-|glsoat-|glagent-|glimt-|gloas-|glffct-|glwt-",
    "glpat-{20}",
    at_least=10,
    of="A-Za-z0-9_.-",
)
prefixed(
    "Atlassian token", "ATATT3xFfGF0|ATCTT3xFfGN0|ATBB", "ATATT3xFfGF0{170}={8:hex}", at_least=20, of="A-Za-z0-9_=-"
)
prefixed("npm token", "npm_", "npm_{36}", at_least=30, of="A-Za-z0-9")
prefixed("PyPI token", "pypi-AgE", "pypi-AgEIcHlwaS5vcmc{90}", at_least=20)
prefixed("RubyGems key", "rubygems_", "rubygems_{48:hex}", at_least=40, of="0-9a-f")
kind("crates.io token", "cio", r"cio(?=[A-Za-z]*\d)[A-Za-z0-9]{32}(?![A-Za-z0-9])", "cio{32}", begin=_WORD)
kind("NuGet key", "oy2", r"oy2[a-z0-9]{43}(?![a-z0-9])", "oy2{43:low}", begin=_WORD)
prefixed("Docker token", "dckr_pat_|dckr_oat_", "dckr_pat_{27}")
prefixed("Clojars token", "CLOJARS_", "CLOJARS_{60:low}", at_least=40, of="a-z0-9")
prefixed("Sourcegraph token", "sgp_", "sgp_{16:hex}_{40:hex}", at_least=32, of="0-9a-f_")
prefixed("CircleCI token", "CCIPAT_|CCIPRJ_", "CCIPAT_{22}_{40:hex}", of="A-Za-z0-9_")
prefixed("Buildkite token", "bkua_|bkct_", "bkua_{40:hex}")
prefixed("Postman key", "PMAK-", "PMAK-{24:hex}-{34:hex}")
prefixed("Artifactory key", "AKCp", "AKCp{69}", at_least=60, of="A-Za-z0-9")
prefixed("Prefect key", "pnu_|pnb_", "pnu_{36:low}", at_least=30, of="a-z0-9")

# ---- Messages and mail ----

prefixed(
    "Slack token",
    "xoxa-|xoxb-|xoxe-|xoxe.xoxp-|xoxo-|xoxp-|xoxr-|xoxs-|xoxc-|xoxd-",
    "xoxb-{11:digits}-{12:digits}-{24}",
    at_least=10,
)
prefixed("Slack app token", "xapp-|xwfp-", "xapp-1-A{10:upper}-{13:digits}-{64:hex}")
kind(
    "Slack webhook",
    "hooks.slack.com",
    r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([A-Za-z0-9+/_-]{8,})",
    "https://hooks.slack.com/services/⟦T{8:upper}/B{8:upper}/{24}⟧",
    begin="",
)
kind(
    "Discord webhook",
    "/api/webhooks/",
    r"discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d+/([A-Za-z0-9_-]{20,})",
    "https://discord.com/api/webhooks/{18:digits}/⟦{68}⟧",
    begin="",
)
kind(
    "Discord token",
    ".",
    r"[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,45}(?![A-Za-z0-9_-])",
    "M{25}.{6}.{38}",
    begin=_WORD,
    also=r"\.[A-Za-z0-9_-]{6}\.",
)
kind("Telegram token", ":AA", r"\d{8,10}:AA[A-Za-z0-9_-]{32,34}", "{10:digits}:AA{33}")
kind(
    "Teams webhook",
    "webhook.office.com",
    r"webhook\.office\.com/(?:webhookb2|webhook)/(\S{20,}?)(?=[\s\"'<>)]|$)",
    "https://acme.webhook.office.com/webhookb2/⟦{uuid}@{uuid}/IncomingWebhook/{32:hex}/{uuid}⟧",
    begin="",
)
kind(
    "webhook of an automation",
    "hooks.zapier.com|make.com/|maker.ifttt.com|webhook.site",
    r"(?:hooks\.zapier\.com/hooks/(?:catch|standard)/|hook\.(?:[a-z0-9]+\.)?make\.com/|"
    r"maker\.ifttt\.com/trigger/[^/\s]+/(?:json/)?with/key/|webhook\.site/)([A-Za-z0-9/_-]{8,})",
    "https://hooks.zapier.com/hooks/catch/⟦{7:digits}/{7:low}⟧",
    begin="",
)
kind("SendGrid key", "SG.", r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}", "SG.{22}.{43}")
kind("Mailgun key", "key-", r"key-[0-9a-f]{32}(?![A-Za-z0-9-])", "key-{32:hex}", begin=_WORD)
kind("Mailchimp key", "-us", r"[0-9a-f]{32}-us\d{1,2}(?![A-Za-z0-9])", "{32:hex}-us12", begin=_WORD)
prefixed("Brevo key", "xkeysib-|xsmtpsib-", "xkeysib-{64:hex}-{16}")
kind("Resend key", "re_", r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}", "re_{8}_{24}", begin=_WORD)
kind("Twilio key", "AC|SK", r"(?:AC|SK)[0-9a-f]{32}(?![A-Za-z0-9])", "SK{32:hex}", begin=_WORD)

# ---- Payments and shops ----

kind(
    "Stripe key",
    "k_live_|k_test_|whsec_",
    r"(?:[rsp]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,})",
    "sk_live_{24}",
)
prefixed("Stripe webhook secret", "whsec_", "whsec_{32}", of="A-Za-z0-9+/=")
prefixed("Shopify token", "shpat_|shpca_|shppa_|shpss_|shptka_|shpua_", "shpat_{32:hex}")
prefixed("Square token", "sq0atp-|sq0csp-|sq0idp-", "sq0atp-{22}")
kind("Square access token", "EAAA", r"EAAA[A-Za-z0-9_-]{56,60}(?![A-Za-z0-9_-])", "EAAA{60}", begin=_WORD)
kind(
    "Braintree token",
    "access_token$",
    r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}",
    "access_token$production${16:low}${32:hex}",
)
kind("Plaid token", "access-", r"access-(?:sandbox|development|production)-[0-9a-f-]{36}", "access-sandbox-{uuid}")
prefixed("Flutterwave key", "FLWSECK-|FLWSECK_TEST-", "FLWSECK-{32:hex}-X")
prefixed("Shippo token", "shippo_live_|shippo_test_", "shippo_live_{40:hex}")
kind("EasyPost key", "EZAK|EZTK", r"EZ[AT]K[A-Za-z0-9]{54}(?![A-Za-z0-9])", "EZAK{54}", begin=_WORD)
prefixed("Duffel token", "duffel_live_|duffel_test_", "duffel_live_{43}")

# ---- Tools of teams ----

prefixed("Notion token", "ntn_", "ntn_{46}", at_least=30, of="A-Za-z0-9")
kind("Notion secret", "secret_", r"secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])", "secret_{43}", begin=_WORD)
prefixed("Linear key", "lin_api_|lin_oauth_|lin_wh_", "lin_api_{40}")
kind("Airtable token", "pat", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}", "pat{14}.{64:hex}", begin=_WORD)
kind(
    "Asana token",
    "1/|2/",
    r"[12]/\d{12,20}(?:/\d{12,20})?:[0-9a-f]{32}(?![0-9a-f])",
    "1/{16:digits}:{32:hex}",
    begin=_WORD,
    also=":[0-9a-f]{32}",
)
kind("HubSpot token", "pat-", r"pat-(?:na|eu|ap)\d-[0-9a-f-]{36}", "pat-na1-{uuid}", begin=_WORD)
prefixed("Figma token", "figd_|figdr_|figo_", "figd_{40}")
kind("Dropbox token", "sl.", r"sl\.(?:u\.)?[A-Za-z0-9_-]{100,}", "sl.{136}", begin=_WORD)
prefixed("Typeform token", "tfp_", "tfp_{44}_{14}", at_least=40)
prefixed("ReadMe key", "rdme_", "rdme_{70:low}", at_least=40, of="a-z0-9")
kind(
    "RapidAPI key",
    "jsn",
    r"[0-9a-f]{10}msh[0-9a-f]{15}p1[0-9a-f]{6}jsn[0-9a-f]{12}",
    "{10:hex}msh{15:hex}p1{6:hex}jsn{12:hex}",
)
prefixed("1Password token", "ops_eyJ", "ops_eyJ{200}", at_least=40, of="A-Za-z0-9+/=_-")
prefixed("Contentful token", "CFPAT-", "CFPAT-{43}")
kind("Mapbox token", "k.eyJ", r"[sp]k\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{16,}", "sk.eyJ{60}.{22}", begin=_WORD)
kind(
    "X bearer token",
    "AAAAAAAAAAAAAAAAAAAAA",
    r"A{21,22}(?=[A-Za-z0-9%]*\d)[A-Za-z0-9%]{30,100}(?![A-Za-z0-9%+/=])",
    "AAAAAAAAAAAAAAAAAAAAA{70}",
)
kind("Meta token", "EAA", r"EAA(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{90,}(?![A-Za-z0-9+/=])", "EAA{160}", begin=_WORD)
kind(
    "Sentry DSN",
    ".sentry.io|.ingest.",
    r"https?://([0-9a-f]{32})(?=@[a-z0-9.-]+/\d+)",
    "https://⟦{32:hex}⟧@o450123.ingest.sentry.io/4505012345",
)
prefixed("Sentry token", "sntrys_|sntryu_", "sntryu_{64:hex}", of="A-Za-z0-9+/=_-")
