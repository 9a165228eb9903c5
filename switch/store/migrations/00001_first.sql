-- Portable between SQLite and PostgreSQL. Instants are milliseconds since 1970 in UTC.

-- +goose Up
CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE accounts (
    sid           TEXT    NOT NULL PRIMARY KEY,
    parent        TEXT             REFERENCES accounts (sid),
    email         TEXT    NOT NULL,
    email_key     TEXT    NOT NULL UNIQUE,
    friendly_name TEXT    NOT NULL,
    status        TEXT    NOT NULL,
    role          TEXT    NOT NULL,
    token         TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    created       BIGINT  NOT NULL,
    updated       BIGINT  NOT NULL
);

CREATE TABLE applications (
    sid              TEXT    NOT NULL PRIMARY KEY,
    account          TEXT    NOT NULL REFERENCES accounts (sid),
    friendly_name    TEXT    NOT NULL,
    url              TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    caller_id_lookup BOOLEAN NOT NULL,
    api_version      TEXT    NOT NULL,
    created          BIGINT  NOT NULL,
    updated          BIGINT  NOT NULL
);

CREATE TABLE clients (
    sid                   TEXT    NOT NULL PRIMARY KEY,
    account               TEXT    NOT NULL REFERENCES accounts (sid),
    login                 TEXT    NOT NULL UNIQUE,
    friendly_name         TEXT    NOT NULL,
    ha1_md5               TEXT    NOT NULL,
    ha1_sha256            TEXT    NOT NULL,
    enabled               BOOLEAN NOT NULL,
    push                  BOOLEAN NOT NULL,
    voice_url             TEXT    NOT NULL,
    voice_method          TEXT    NOT NULL,
    voice_fallback_url    TEXT    NOT NULL,
    voice_fallback_method TEXT    NOT NULL,
    voice_application     TEXT             REFERENCES applications (sid) ON DELETE SET NULL,
    api_version           TEXT    NOT NULL,
    created               BIGINT  NOT NULL,
    updated               BIGINT  NOT NULL
);

CREATE TABLE numbers (
    sid                    TEXT    NOT NULL PRIMARY KEY,
    account                TEXT    NOT NULL REFERENCES accounts (sid),
    friendly_name          TEXT    NOT NULL,
    phone                  TEXT    NOT NULL UNIQUE,
    sip                    BOOLEAN NOT NULL,
    voice_url              TEXT    NOT NULL,
    voice_method           TEXT    NOT NULL,
    voice_fallback_url     TEXT    NOT NULL,
    voice_fallback_method  TEXT    NOT NULL,
    voice_application      TEXT             REFERENCES applications (sid) ON DELETE SET NULL,
    sms_url                TEXT    NOT NULL,
    sms_method             TEXT    NOT NULL,
    sms_fallback_url       TEXT    NOT NULL,
    sms_fallback_method    TEXT    NOT NULL,
    sms_application        TEXT             REFERENCES applications (sid) ON DELETE SET NULL,
    ussd_url               TEXT    NOT NULL,
    ussd_method            TEXT    NOT NULL,
    ussd_fallback_url      TEXT    NOT NULL,
    ussd_fallback_method   TEXT    NOT NULL,
    ussd_application       TEXT             REFERENCES applications (sid) ON DELETE SET NULL,
    refer_url              TEXT    NOT NULL,
    refer_method           TEXT    NOT NULL,
    refer_application      TEXT             REFERENCES applications (sid) ON DELETE SET NULL,
    status_callback        TEXT    NOT NULL,
    status_callback_method TEXT    NOT NULL,
    caller_id_lookup       BOOLEAN NOT NULL,
    can_voice              BOOLEAN NOT NULL,
    can_sms                BOOLEAN NOT NULL,
    can_mms                BOOLEAN NOT NULL,
    can_fax                BOOLEAN NOT NULL,
    cost                   TEXT    NOT NULL,
    api_version            TEXT    NOT NULL,
    created                BIGINT  NOT NULL,
    updated                BIGINT  NOT NULL
);

CREATE TABLE routes (
    sid     TEXT   NOT NULL PRIMARY KEY,
    account TEXT   NOT NULL,
    kind    TEXT   NOT NULL,
    pattern TEXT   NOT NULL,
    plan    TEXT   NOT NULL,
    source  TEXT   NOT NULL,
    method  TEXT   NOT NULL,
    note    TEXT   NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    UNIQUE (kind, pattern)
);

-- A call outlives the account, number and client it belonged to: no foreign keys.
-- A zero in answered or ended means never, or not yet.
CREATE TABLE calls (
    sid              TEXT    NOT NULL PRIMARY KEY,
    parent           TEXT    NOT NULL,
    account          TEXT    NOT NULL,
    number_sid       TEXT    NOT NULL,
    direction        TEXT    NOT NULL,
    status           TEXT    NOT NULL,
    from_user        TEXT    NOT NULL,
    to_user          TEXT    NOT NULL,
    caller_name      TEXT    NOT NULL,
    forwarded_from   TEXT    NOT NULL,
    client           TEXT    NOT NULL,
    source           TEXT    NOT NULL,
    user_agent       TEXT    NOT NULL,
    sip_call_id      TEXT    NOT NULL,
    code             INTEGER NOT NULL,
    ended_by         INTEGER NOT NULL,
    cause_code       INTEGER NOT NULL,
    cause            TEXT    NOT NULL,
    bridged          BOOLEAN NOT NULL,
    created          BIGINT  NOT NULL,
    rang             BIGINT  NOT NULL,
    answered         BIGINT  NOT NULL,
    ended            BIGINT  NOT NULL,
    updated          BIGINT  NOT NULL,
    duration         BIGINT  NOT NULL,
    packets_received BIGINT  NOT NULL,
    packets_sent     BIGINT  NOT NULL,
    bytes_received   BIGINT  NOT NULL,
    bytes_sent       BIGINT  NOT NULL,
    packets_lost     BIGINT  NOT NULL,
    packets_dropped  TEXT    NOT NULL,
    jitter_us        BIGINT  NOT NULL
);
CREATE INDEX calls_account_created ON calls (account, created, sid);
CREATE INDEX calls_account_status ON calls (account, status);
CREATE INDEX calls_parent ON calls (parent) WHERE parent <> '';
CREATE INDEX calls_live ON calls (created) WHERE ended = 0;

CREATE TABLE bindings (
    aor          TEXT    NOT NULL,
    contact_key  TEXT    NOT NULL,
    contact      TEXT    NOT NULL,
    params       TEXT    NOT NULL,
    q            INTEGER NOT NULL,
    call_id      TEXT    NOT NULL,
    cseq         BIGINT  NOT NULL,
    expires      BIGINT  NOT NULL,
    updated      BIGINT  NOT NULL,
    path_flow    TEXT    NOT NULL,
    path_source  TEXT    NOT NULL,
    path_local   TEXT    NOT NULL,
    user_agent   TEXT    NOT NULL,
    PRIMARY KEY (aor, contact_key)
);

CREATE TABLE notifications (
    sid               TEXT    NOT NULL PRIMARY KEY,
    account           TEXT    NOT NULL,
    call_sid          TEXT    NOT NULL,
    warning           BOOLEAN NOT NULL,
    code              INTEGER NOT NULL,
    text              TEXT    NOT NULL,
    request_url       TEXT    NOT NULL,
    request_method    TEXT    NOT NULL,
    request_variables TEXT    NOT NULL,
    response_headers  TEXT    NOT NULL,
    response_body     TEXT    NOT NULL,
    date              BIGINT  NOT NULL,
    api_version       TEXT    NOT NULL
);
CREATE INDEX notifications_account_date ON notifications (account, date);
CREATE INDEX notifications_call ON notifications (call_sid) WHERE call_sid <> '';

-- +goose Down
DROP TABLE notifications;
DROP TABLE bindings;
DROP TABLE calls;
DROP TABLE routes;
DROP TABLE numbers;
DROP TABLE clients;
DROP TABLE applications;
DROP TABLE accounts;
DROP TABLE settings;
