"""Kinds of secrets of clouds, databases and monitoring."""

from __future__ import annotations

from typing import Final

from emulator.base.secrets.kinds import kind, prefixed

_WORD: Final = r"(?<![A-Za-z0-9_-])"
#: In base64 a ``/`` may stand before it, as in the path of a URL.
_NOT_BASE64: Final = r"(?<![A-Za-z0-9+])"

# ---- AWS ----

kind("AWS access key", "AKIA|ASIA|ABIA|ACCA", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])", "AKIA{16:upper}")
kind(
    "AWS secret access key",
    "AKIA|ASIA|aws",
    r"(?:(?:AKIA|ASIA)[A-Z0-9]{16}|[Aa][Ww][Ss])[\s\S]{1,60}?(?<![A-Za-z0-9+/])"
    r"((?=[A-Za-z+/]*\d)(?=[a-z0-9+/]*[A-Z])(?=[A-Z0-9+/]*[a-z])[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/=])",
    "the AWS keys are AKIA{16:upper} and ⟦{40}⟧",
    begin="",
)
kind(
    "AWS session token",
    "IQoJb3JpZ2lu|oGZXIvYXdz",
    r"(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)[A-Za-z0-9+/=_-]{40,}",
    "IQoJb3JpZ2lu{200}",
    begin=_NOT_BASE64,
)
kind(
    "Amazon Bedrock key",
    "ABSK|bedrock-api-key-",
    r"(?:ABSK[A-Za-z0-9+/]{80,160}={0,2}(?![A-Za-z0-9+/=])|bedrock-api-key-[A-Za-z0-9+/=_-]{16,})",
    "ABSK{128}",
    begin=_NOT_BASE64,
)
kind("Amazon MWS token", "amzn.mws.", r"amzn\.mws\.[0-9a-f-]{36}", "amzn.mws.{uuid}")

# ---- Google ----

kind("Google API key", "AIza", r"AIza[A-Za-z0-9_-]{30,}", "AIza{35}")
prefixed("Google OAuth secret", "GOCSPX-", "GOCSPX-{28}")
prefixed("Google OAuth token", "ya29.", "ya29.{120}", of="A-Za-z0-9_.-")
kind("Google refresh token", "1//0", r"1//0[A-Za-z0-9_-]{30,}", "1//0{60}")
kind("Firebase server key", "AAAA", r"AAAA[A-Za-z0-9_-]{7}:[A-Za-z0-9_-]{100,}", "AAAA{7}:{140}", begin=_WORD)

# ---- Azure ----

kind("Azure AI key", "JQQJ9", r"[A-Za-z0-9]{52}JQQJ9[A-Za-z0-9]{10,}", "{52}JQQJ99{26}")
kind(
    "Azure key",
    "+ASt|+ABa|+AEh|+ASb|+ARm|+ACR|ACDb|APIM|AIoT|AzFu|AzSe",
    r"[A-Za-z0-9+/]{30,77}(?:\+ASt|\+ABa|\+AEh|\+ASb|\+ARm|\+ACR|ACDb|APIM|AIoT|AzFu|AzSe)[A-Za-z0-9+/]{5,8}"
    r"={0,2}(?![A-Za-z0-9+/=])",
    "{76}+ASt{5}g==",
    begin=_NOT_BASE64,
)
kind("Azure client secret", "Q~", r"[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{30,40}", "{3}8Q~{34}", begin=_WORD)
kind("Azure DevOps token", "AZDO", r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}", "{76}AZDO{4}")
kind(
    "connection string",
    "accountkey=|sharedaccesskey=|password=|pwd=|sharedsecret",
    r"(?i:AccountKey|SharedAccessKey|SharedSecretValue|Password|Pwd)\s*=\s*([^;\s\"'&]+)",
    "Server=db;Database=app;User Id=app;Password=⟦{16}⟧;Encrypt=true",
)

# ---- Other clouds ----

prefixed("DigitalOcean token", "dop_v1_|doo_v1_|dor_v1_", "dop_v1_{64:hex}")
prefixed("Heroku key", "HRKU-", "HRKU-{60}")
kind("Vercel token", "vcp_|vck_|vca_|vci_|vcr_", r"vc[pkair]_[A-Za-z0-9]{24,}", "vcp_{56}", begin=_WORD)
prefixed("Netlify token", "nfp_|nfo_|nfc_|nfu_", "nfp_{36}", at_least=30, of="A-Za-z0-9")
kind(
    "Cloudflare key",
    "v1.0-|cfut_|cfat_|cfk_",
    r"(?:v1\.0-[0-9a-f]{20,24}-[0-9a-f]{140,150}|cf(?:ut|at|k)_[A-Za-z0-9]{30,})",
    "v1.0-{24:hex}-{146:hex}",
    begin=_WORD,
)
kind(
    "Fly.io token", "fm1|fm2_|fo1_", r"(?:FlyV1 )?(?:fm1[ar]_|fm2_|fo1_)[A-Za-z0-9+/=_,-]{30,}", "fo1_{43}", begin=_WORD
)
prefixed("Supabase key", "sbp_|sb_secret_", "sbp_{40:hex}")
prefixed("PlanetScale token", "pscale_tkn_|pscale_pw_|pscale_oauth_", "pscale_pw_{43}", of="A-Za-z0-9_.=-")
kind("Neon key", "napi_", r"napi_(?=\S*\d)[a-z0-9]{32,}", "napi_{64:low}", begin=_WORD)
prefixed("Alibaba key", "LTAI", "LTAI{20}", at_least=16, of="A-Za-z0-9")
kind("Tencent key", "AKID", r"AKID[A-Za-z0-9]{32}(?![A-Za-z0-9])", "AKID{32}", begin=_WORD)
kind(
    "Yandex token",
    "AQVN|y0_|t1.",
    r"(?:AQVN[A-Za-z0-9_-]{35,38}|y0_[A-Za-z0-9_-]{50,}|t1\.[A-Z0-9a-z_-]+=*\.[A-Z0-9a-z_-]{86}=*)",
    "AQVN{36}",
    begin=_WORD,
)
prefixed("Databricks token", "dapi", "dapi{32:hex}", at_least=32, of="0-9a-f")
prefixed("Tailscale key", "tskey-", "tskey-auth-{16}-{32}")
prefixed("Scalingo token", "tk-us-", "tk-us-{48}", at_least=40)
prefixed("Adafruit key", "aio_", "aio_{28}", at_least=28, of="A-Za-z0-9")

# ---- Secrets and infrastructure ----

prefixed("Vault token", "hvs.|hvb.|hvr.", "hvs.{90}")
kind(
    "old Vault token",
    "s.",
    r"s\.(?=[A-Za-z]*\d)[A-Za-z0-9]{24}(?!\.?[A-Za-z0-9_-])",
    "s.{24}",
    begin=r"(?<![A-Za-z0-9_.-])",
)
kind("Terraform token", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{40,}", "{14}.atlasv1.{67}")
prefixed("Pulumi token", "pul-", "pul-{40:hex}", at_least=40, of="0-9a-f")
kind(
    "Doppler token",
    "dp.",
    r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[A-Za-z0-9_-]+\.)?[A-Za-z0-9]{40,44}",
    "dp.pt.{43}",
    begin=_WORD,
)
kind("Infracost key", "ico-", r"ico-[A-Za-z0-9]{32}(?![A-Za-z0-9])", "ico-{32}", begin=_WORD)

# ---- Monitoring ----

prefixed("Grafana token", "glsa_|glc_", "glsa_{32}_{8:hex}", of="A-Za-z0-9_=+/-")
kind(
    "New Relic key",
    "NRAK-|NRJS-|NRII-|NRAL|NRAA-|NRSP-",
    r"(?:NR(?:AK|JS|II|AA|SP)-[A-Za-z0-9_-]{16,}|[0-9a-f]{36}NRAL)",
    "NRAK-{27:upper}",
)
kind("Honeycomb key", "hca", r"hca[ikm][kt]_[a-z0-9]{20,}|hcx[ilm]k_[a-z0-9]{20,}", "hcaik_{58:low}", begin=_WORD)
kind(
    "LaunchDarkly key",
    "sdk-|api-|mob-",
    r"(?:sdk|api|mob)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "sdk-{uuid}",
    begin=_WORD,
)
prefixed("PostHog key", "phx_|phc_", "phx_{43}", at_least=30, of="A-Za-z0-9")
kind("Dynatrace token", "dt0", r"dt0[a-z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}", "dt0c01.{24:upper}.{64:upper}")
kind("Okta token", "SSWS", r"SSWS\s+([A-Za-z0-9_-]{30,})", "Authorization: SSWS ⟦00{40}⟧")
