"""Kinds of secrets that belong to no single service: headers, URLs, keys in PEM, tokens."""

from __future__ import annotations

from emulator.base.secrets.kinds import kind

kind(
    "JWT",
    "eyJ",
    r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*",
    "eyJ{20}.eyJ{40}.{43}",
    begin=r"(?<![A-Za-z0-9_-])",
)
kind(
    "bearer token", "bearer", r"\b[Bb](?i:earer)\s+((?=\S*\d|\S{16})[A-Za-z0-9._~+/=-]{6,})", "Bearer ⟦{24}⟧", begin=""
)
kind(
    "basic credentials",
    "basic",
    r"\b[Bb](?i:asic)\s+((?=\S*(?:[0-9=]|[a-z][A-Z]))[A-Za-z0-9+/]{8,}={0,2})",
    "Basic ⟦{22}==⟧",
    begin="",
)
kind(
    "private key",
    "PRIVATE KEY",
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?"
    r"(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    "-----BEGIN OPENSSH PRIVATE KEY-----\n{64}\n{20}\n-----END OPENSSH PRIVATE KEY-----",
    begin="",
)
kind(
    "PuTTY key",
    "PuTTY-User-Key-File",
    r"PuTTY-User-Key-File-\d: [\s\S]*?(?:Private-(?:MAC|Hash): [0-9a-f]+|\Z)",
    "PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n{44}\nPrivate-MAC: {64:hex}",
    begin="",
)
kind("age key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{40,}", "AGE-SECRET-KEY-1{58:upper}")
kind(
    "credentials in a URL",
    "@",
    r"://([^/\s:@\"'\[\]<>]*:[^/\s@\"'\[\]<>]+)(?=@)",
    "postgres://⟦app:{20}⟧@db.example.com:5432/app",
    begin="",
)
kind(
    "secret in a query",
    "key=|code=|sig=|signature=|token=|secret=|password=|pwd=",
    r"[?&](?i:api[-_]?key|(?:x-)?key|code|sig|signature|(?:x-amz-|x-goog-)?signature|[a-z_-]*(?:token|secret|password|pwd))"
    r"=([^&\s\"'<>#\\\[\]]+)",
    "https://files.example.com/a?sv=1&sig=⟦{43}⟧&se=2",
    begin="",
)
kind(
    "netrc password",
    "password",
    r"machine\s+\S+\s+login\s+\S+\s+password\s+(\S+)",
    "machine api.example.com login deploy password ⟦{20}⟧",
    begin=r"\b",
)
kind(
    "password in a sentence",
    "password|passphrase|passcode|api key|api-key|apikey",
    r"(?i:password|passphrase|passcode|api[ -]?key)(?: (?:is|was))?:? [\"'`]?((?=[^\s\"'`]*\d)(?=[^\s\"'`]*[A-Za-z])"
    r"[^\s\"'`,;<>\[\](){}]{8,}[^\s\"'`.,;:!?<>\[\](){}])",
    "The password is ⟦{14}⟧, he said",
    begin=r"\b",
)
