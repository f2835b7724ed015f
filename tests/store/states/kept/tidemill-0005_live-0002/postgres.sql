--
-- PostgreSQL database dump
--

\restrict nhFhGsH2GYzlMey8VTfFBHWd5VV7ILyhLstl5Fya3PI0uCYVLk4fDJCJdLWNjR8

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: tidemill_kept; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA tidemill_kept;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: acts; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.acts (
    id text NOT NULL,
    at bigint NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    data text NOT NULL,
    principal text NOT NULL,
    nonce text NOT NULL
);


--
-- Name: alarms; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.alarms (
    id text NOT NULL,
    environment text NOT NULL,
    endpoint text NOT NULL,
    monitor text NOT NULL,
    kind text NOT NULL,
    model text,
    "window" bigint NOT NULL,
    opened bigint NOT NULL,
    since bigint NOT NULL,
    what text NOT NULL,
    hurts text NOT NULL,
    again boolean NOT NULL,
    evidence text NOT NULL,
    closed bigint,
    ended text NOT NULL,
    metric text NOT NULL,
    now double precision,
    promised double precision,
    "interval" text NOT NULL,
    windows bigint,
    answers bigint,
    subjects bigint,
    blind_below double precision
);


--
-- Name: approvals; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.approvals (
    id text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    rule text NOT NULL,
    author text NOT NULL,
    roles text NOT NULL,
    needed bigint NOT NULL,
    four_eyes boolean NOT NULL,
    asked bigint NOT NULL,
    due bigint,
    status text NOT NULL,
    inputs text NOT NULL,
    inputs_digest text NOT NULL,
    ended bigint,
    environment text NOT NULL,
    endpoint text NOT NULL,
    person text NOT NULL,
    who text NOT NULL,
    why text NOT NULL,
    asks_reason boolean NOT NULL,
    own_key boolean NOT NULL
);


--
-- Name: artifacts; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.artifacts (
    digest text NOT NULL,
    codec text NOT NULL,
    size bigint NOT NULL,
    created bigint NOT NULL
);


--
-- Name: attempts; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.attempts (
    key text NOT NULL,
    count bigint NOT NULL,
    last bigint NOT NULL,
    until bigint NOT NULL
);


--
-- Name: baselines; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.baselines (
    environment text NOT NULL,
    endpoint text NOT NULL,
    model text NOT NULL,
    artifact text NOT NULL,
    made bigint NOT NULL
);


--
-- Name: batch_parts; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.batch_parts (
    name text NOT NULL,
    batch text NOT NULL,
    number bigint NOT NULL,
    endpoint text NOT NULL,
    environment text NOT NULL,
    at bigint NOT NULL,
    rows bigint NOT NULL,
    answered bigint NOT NULL,
    by text NOT NULL,
    log text NOT NULL,
    "out" text NOT NULL,
    run text NOT NULL
);


--
-- Name: comments; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.comments (
    id text NOT NULL,
    about text NOT NULL,
    principal text NOT NULL,
    at bigint NOT NULL,
    text text NOT NULL,
    reply_to text NOT NULL,
    removed bigint,
    who text NOT NULL,
    mentions text NOT NULL
);


--
-- Name: counters; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.counters (
    name text NOT NULL,
    value bigint NOT NULL
);


--
-- Name: datasets; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.datasets (
    dataset text NOT NULL,
    version bigint NOT NULL,
    generation bigint NOT NULL,
    digest text NOT NULL,
    rows bigint NOT NULL,
    quarantined bigint NOT NULL,
    created bigint NOT NULL,
    run text,
    time_min bigint,
    time_max bigint,
    profile text,
    ingest text NOT NULL
);


--
-- Name: decisions; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.decisions (
    id text NOT NULL,
    at bigint NOT NULL,
    action text NOT NULL,
    reason text NOT NULL,
    code text NOT NULL,
    evidence text NOT NULL,
    evidence_digest text NOT NULL,
    policy text NOT NULL,
    run text,
    endpoint text NOT NULL,
    environment text NOT NULL
);


--
-- Name: deferred; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.deferred (
    id text NOT NULL,
    endpoint text NOT NULL,
    environment text NOT NULL,
    at bigint NOT NULL,
    subject text NOT NULL,
    body bytea NOT NULL,
    asker text NOT NULL,
    "position" bigint NOT NULL,
    expires bigint NOT NULL,
    status text NOT NULL,
    due bigint NOT NULL,
    owner text NOT NULL,
    tries bigint NOT NULL,
    problem bytea NOT NULL,
    callback text NOT NULL,
    told text NOT NULL,
    settled bigint NOT NULL
);


--
-- Name: edges; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.edges (
    source text NOT NULL,
    target text NOT NULL,
    relation text NOT NULL,
    at bigint NOT NULL
);


--
-- Name: entity_inputs; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.entity_inputs (
    model text NOT NULL,
    subject text NOT NULL,
    at bigint NOT NULL,
    inputs bytea NOT NULL
);


--
-- Name: events; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.events (
    id text NOT NULL,
    at bigint NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    data text NOT NULL,
    principal text NOT NULL,
    seq bigint NOT NULL,
    nonce text DEFAULT ''::text NOT NULL
);


--
-- Name: experiments; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.experiments (
    id text NOT NULL,
    endpoint text NOT NULL,
    environment text NOT NULL,
    status text NOT NULL,
    arms text NOT NULL,
    models text NOT NULL,
    share double precision NOT NULL,
    metric text NOT NULL,
    margin double precision NOT NULL,
    effect double precision NOT NULL,
    alpha double precision NOT NULL,
    started bigint NOT NULL,
    until bigint NOT NULL,
    author text NOT NULL,
    "then" text NOT NULL,
    ended bigint,
    verdict text NOT NULL,
    reason text NOT NULL,
    settled text NOT NULL,
    plan text NOT NULL
);


--
-- Name: fences; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.fences (
    name text NOT NULL,
    term bigint NOT NULL
);


--
-- Name: files; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.files (
    dataset text NOT NULL,
    digest text NOT NULL,
    name text NOT NULL,
    rows bigint NOT NULL,
    quarantined bigint NOT NULL,
    version bigint NOT NULL,
    ingest text NOT NULL,
    at bigint NOT NULL
);


--
-- Name: gone; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.gone (
    seq bigint NOT NULL,
    mark text NOT NULL,
    dataset text NOT NULL
);


--
-- Name: history; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.history (
    seq bigint NOT NULL,
    key text NOT NULL,
    subject bigint NOT NULL,
    item bigint NOT NULL,
    at bigint NOT NULL,
    value double precision NOT NULL,
    source bigint NOT NULL,
    "row" bigint
);


--
-- Name: item_rows; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.item_rows (
    seq bigint NOT NULL,
    dataset text NOT NULL,
    item text NOT NULL,
    store text NOT NULL,
    at bigint NOT NULL,
    known text NOT NULL,
    moments text NOT NULL,
    gone bigint NOT NULL,
    received bigint NOT NULL,
    principal text NOT NULL,
    file text,
    "row" bigint,
    ingest text,
    until bigint
);


--
-- Name: items; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.items (
    id bigint NOT NULL,
    name text NOT NULL,
    dataset text NOT NULL
);


--
-- Name: jobs; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.jobs (
    id text NOT NULL,
    environment text NOT NULL,
    endpoint text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    status text NOT NULL,
    started bigint NOT NULL,
    ended bigint,
    decision text,
    code text NOT NULL,
    error text NOT NULL,
    times bigint NOT NULL
);


--
-- Name: leases; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.leases (
    name text NOT NULL,
    owner text NOT NULL,
    expires bigint NOT NULL,
    environment text NOT NULL,
    term bigint NOT NULL
);


--
-- Name: ledger; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.ledger (
    seq bigint NOT NULL,
    at bigint NOT NULL,
    principal text NOT NULL,
    act text NOT NULL,
    subject text NOT NULL,
    event text NOT NULL,
    commitment text NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL
);


--
-- Name: ledger_heads; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.ledger_heads (
    size bigint NOT NULL,
    root text NOT NULL,
    at bigint NOT NULL,
    envelope text NOT NULL,
    anchors text NOT NULL
);


--
-- Name: live_fences; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.live_fences (
    name text NOT NULL,
    term bigint NOT NULL
);


--
-- Name: live_version; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.live_version (
    version_num character varying(32) NOT NULL,
    tidemill character varying(64) NOT NULL
);


--
-- Name: logins; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.logins (
    id text NOT NULL,
    browser text NOT NULL,
    sealed text NOT NULL,
    origin text NOT NULL,
    started bigint NOT NULL,
    expires bigint NOT NULL
);


--
-- Name: models; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.models (
    name text NOT NULL,
    version bigint NOT NULL,
    bundle text NOT NULL,
    evaluation_bundle text NOT NULL,
    recipe text NOT NULL,
    kind text NOT NULL,
    metrics text NOT NULL,
    data text NOT NULL,
    trained_through bigint NOT NULL,
    run text,
    author text NOT NULL,
    card text,
    created bigint NOT NULL,
    findings text NOT NULL
);


--
-- Name: sources; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.sources (
    id bigint NOT NULL,
    file text NOT NULL,
    ingest text NOT NULL,
    endpoint text NOT NULL
);


--
-- Name: subjects; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.subjects (
    id bigint NOT NULL,
    name text NOT NULL,
    dataset text NOT NULL
);


--
-- Name: online; Type: VIEW; Schema: tidemill_kept; Owner: -
--

CREATE VIEW tidemill_kept.online AS
 SELECT h.seq,
    h.key,
    s.name AS subject,
    i.name AS item,
    h.at,
    h.value,
    NULLIF(o.file, ''::text) AS file,
    h."row",
    NULLIF(o.ingest, ''::text) AS ingest,
    s.dataset,
    o.endpoint
   FROM (((tidemill_kept.history h
     JOIN tidemill_kept.subjects s ON ((s.id = h.subject)))
     JOIN tidemill_kept.items i ON ((i.id = h.item)))
     JOIN tidemill_kept.sources o ON ((o.id = h.source)));


--
-- Name: outcomes; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.outcomes (
    key text NOT NULL,
    at bigint NOT NULL,
    subject text NOT NULL,
    item text NOT NULL,
    value double precision NOT NULL,
    prediction text,
    received bigint NOT NULL,
    joined text,
    how text NOT NULL,
    endpoint text NOT NULL,
    environment text NOT NULL,
    quarantined boolean NOT NULL,
    joined_at bigint NOT NULL
);


--
-- Name: passwords; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.passwords (
    principal text NOT NULL,
    hash text NOT NULL,
    changed bigint NOT NULL,
    must_change boolean NOT NULL
);


--
-- Name: predictions; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.predictions (
    id text NOT NULL,
    endpoint text NOT NULL,
    at bigint NOT NULL,
    subject text NOT NULL,
    model text NOT NULL,
    release text NOT NULL,
    arm text NOT NULL,
    output bytea NOT NULL,
    inputs bytea NOT NULL,
    watermark bigint NOT NULL,
    latency_us bigint NOT NULL,
    cold boolean NOT NULL,
    key text,
    environment text NOT NULL,
    explained bytea NOT NULL,
    propensity double precision DEFAULT '1'::double precision NOT NULL
);


--
-- Name: principals; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.principals (
    id text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    roles text NOT NULL,
    created bigint NOT NULL,
    by text NOT NULL,
    display text NOT NULL,
    owner text NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    key text NOT NULL,
    key_envelope text NOT NULL,
    disabled bigint
);


--
-- Name: releases; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.releases (
    id text NOT NULL,
    endpoint text NOT NULL,
    model text NOT NULL,
    status text NOT NULL,
    stages text NOT NULL,
    stage bigint NOT NULL,
    stage_since bigint NOT NULL,
    created bigint NOT NULL,
    started bigint,
    ended bigint,
    previous text,
    override text,
    attestations text NOT NULL,
    decision text,
    author text NOT NULL,
    evidence text NOT NULL,
    environment text NOT NULL
);


--
-- Name: runs; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.runs (
    id text NOT NULL,
    pipeline text NOT NULL,
    key text NOT NULL,
    status text NOT NULL,
    owner text NOT NULL,
    started bigint NOT NULL,
    ended bigint,
    parent text,
    params text NOT NULL,
    seed bigint NOT NULL,
    code text NOT NULL,
    environment text NOT NULL,
    cost text NOT NULL,
    outputs text NOT NULL,
    error text
);


--
-- Name: scorers; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.scorers (
    id text NOT NULL,
    environment text NOT NULL,
    host text NOT NULL,
    address text NOT NULL,
    pid bigint NOT NULL,
    since bigint NOT NULL,
    beat bigint NOT NULL,
    expires bigint NOT NULL,
    releases bigint NOT NULL,
    tokens bigint NOT NULL,
    "position" bigint NOT NULL,
    endpoints text NOT NULL,
    limits bigint DEFAULT '0'::bigint NOT NULL
);


--
-- Name: serving_failures; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.serving_failures (
    release text NOT NULL,
    environment text NOT NULL,
    endpoint text NOT NULL,
    count bigint NOT NULL
);


--
-- Name: settings; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.settings (
    name text NOT NULL,
    value text NOT NULL
);


--
-- Name: settlements; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.settlements (
    id text NOT NULL,
    environment text NOT NULL,
    endpoint text NOT NULL,
    kind text NOT NULL,
    what text NOT NULL,
    subject text NOT NULL,
    model text NOT NULL,
    other text NOT NULL,
    at bigint NOT NULL,
    "when" bigint NOT NULL,
    metric text NOT NULL,
    settled text NOT NULL,
    reason text NOT NULL,
    expected double precision,
    came double precision,
    "interval" text NOT NULL,
    requests bigint NOT NULL,
    subjects bigint NOT NULL
);


--
-- Name: steps; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.steps (
    run text NOT NULL,
    name text NOT NULL,
    status text NOT NULL,
    "position" bigint NOT NULL,
    after text NOT NULL,
    fingerprint text NOT NULL,
    fingerprint_inputs text NOT NULL,
    inputs text NOT NULL,
    outputs text NOT NULL,
    impure text NOT NULL,
    attempt bigint NOT NULL,
    started bigint,
    ended bigint,
    cpu_us bigint NOT NULL,
    error text
);


--
-- Name: subject_limits; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.subject_limits (
    id text NOT NULL,
    of text NOT NULL,
    subject text NOT NULL,
    mark text NOT NULL,
    kind text NOT NULL,
    purpose text NOT NULL,
    since bigint NOT NULL,
    by text NOT NULL,
    begun bigint NOT NULL,
    ended bigint,
    ended_by text NOT NULL,
    over bigint
);


--
-- Name: subject_requests; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.subject_requests (
    id text NOT NULL,
    of text NOT NULL,
    subject text NOT NULL,
    mark text NOT NULL,
    kind text NOT NULL,
    received bigint NOT NULL,
    due bigint,
    by text NOT NULL,
    why text NOT NULL,
    extended text NOT NULL,
    ended bigint,
    ended_by text NOT NULL,
    how text NOT NULL,
    reason text NOT NULL
);


--
-- Name: tidemill_version; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.tidemill_version (
    version_num character varying(32) NOT NULL,
    tidemill character varying(64) NOT NULL
);


--
-- Name: tokens; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.tokens (
    id text NOT NULL,
    name text NOT NULL,
    hash text NOT NULL,
    scopes text NOT NULL,
    created bigint NOT NULL,
    expires bigint,
    once boolean NOT NULL,
    principal text DEFAULT ''::text NOT NULL,
    bound text DEFAULT ''::text NOT NULL
);


--
-- Name: verdicts; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.verdicts (
    id text NOT NULL,
    model text NOT NULL,
    gate text NOT NULL,
    blessing text NOT NULL,
    passed boolean NOT NULL,
    verdict text NOT NULL,
    evidence text NOT NULL,
    attestation text,
    at bigint NOT NULL
);


--
-- Name: visits; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.visits (
    principal text NOT NULL,
    place text NOT NULL,
    at bigint NOT NULL,
    before bigint
);


--
-- Name: votes; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.votes (
    id text NOT NULL,
    approval text NOT NULL,
    principal text NOT NULL,
    person text NOT NULL,
    role text NOT NULL,
    yes boolean NOT NULL,
    reason text NOT NULL,
    at bigint NOT NULL,
    seen text NOT NULL,
    envelope text NOT NULL,
    self_approved boolean NOT NULL,
    who text NOT NULL,
    own_key boolean NOT NULL
);


--
-- Name: vouched; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.vouched (
    session text NOT NULL,
    principal text NOT NULL,
    issuer text NOT NULL,
    sealed text NOT NULL,
    checked bigint NOT NULL,
    asked bigint NOT NULL
);


--
-- Name: windows; Type: TABLE; Schema: tidemill_kept; Owner: -
--

CREATE TABLE tidemill_kept.windows (
    endpoint text NOT NULL,
    monitor text NOT NULL,
    start bigint NOT NULL,
    "end" bigint NOT NULL,
    n bigint NOT NULL,
    data text NOT NULL,
    alarm boolean NOT NULL,
    environment text NOT NULL,
    complete boolean NOT NULL,
    revision bigint NOT NULL,
    judged bigint NOT NULL
);


--
-- Data for Name: acts; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.acts VALUES ('event_01m8s1jew524am6032dks3znzr', 1796136844169185, 'run.added', 'run:run_1', '{"fields":["code","cost","ended","environment","error","id","key","outputs","owner","params","parent","pipeline","seed","started","status"],"digest":"4bd4c4486497b34a5913b1a21ad715b9c36714d3868aea3c3f4c63794dac2762","status":"running"}', '', 'd1d57dca39e719e9e7ce1b7406f43980');
INSERT INTO tidemill_kept.acts VALUES ('event_01m8s1jewkjb54x6whh00rms66', 1796136844183721, 'dataset version.added', 'dataset:sales@1', '{"fields":["created","dataset","digest","generation","ingest","profile","quarantined","rows","run","time_max","time_min","version"],"digest":"e755d563f860903964a68727f75a2eda74855c53e6284c7c320dc512721809e2"}', '', '696d7748518660c8439322b086aca2f3');
INSERT INTO tidemill_kept.acts VALUES ('event_01m8s1jewqjxks0a61xjs04jv0', 1796136844187172, 'model.added', 'model:shop@1', '{"fields":["author","bundle","card","created","data","evaluation_bundle","findings","kind","metrics","name","recipe","run","trained_through","version"],"digest":"ca3cf10dd7c3ef70975c9e1b491cdbd886faae4c0e9ecdf86dd12a30ed93cab5"}', '', '9e2c1e97249f548d328ab3ba7e7bb70f');
INSERT INTO tidemill_kept.acts VALUES ('event_01m8s1jewsyxp7kq6hexjqyeet', 1796136844189052, 'verdict.added', 'verdict:verdict_1', '{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"4cd17bccbafc84a8634cf0d8b35a74cb2d3e069ac3a752b7bd5f04d6a3fc197a"}', '', '5a8adf0e97275631a6c54388362c758c');
INSERT INTO tidemill_kept.acts VALUES ('event_01m8s1jewvhhtkk54vs84e20j3', 1796136844192164, 'release.added', 'release:release_1', '{"fields":["attestations","author","created","decision","ended","endpoint","environment","evidence","id","model","override","previous","stage","stage_since","stages","started","status"],"digest":"1301156dcfb1ff9c53bb528ee7b86c242345ace6c4629b00653cbf538f5a0a9a","status":"held"}', '', '90cb5dd3b7f85671405e5db30a89c65a');
INSERT INTO tidemill_kept.acts VALUES ('event_01m8s1jewywe31ytydd516fteh', 1796136844193862, 'decision.added', 'decision:decision_1', '{"fields":["action","at","code","endpoint","environment","evidence","evidence_digest","id","policy","reason","run"],"digest":"dde127f29e5591ddc89916aba2ef10f8105ab8fb390fd4965b2bf5eee60f0a41"}', '', '646ab278d97ee6ab18a089b473431a1e');
INSERT INTO tidemill_kept.acts VALUES ('event_01m8s1jewzpfbtkw9s37t8a2sb', 1796136844195689, 'job.added', 'job:job_1', '{"fields":["code","decision","ended","endpoint","environment","error","id","kind","started","status","subject","times"],"digest":"cd71e0721cc0070ec9f73c5e81c94652abefe63d3bd78ec6de706484a6b70532","status":"running"}', '', 'df25d1a80d424c3902ddbde5c482add2');
INSERT INTO tidemill_kept.acts VALUES ('event_01m8s1jexccy1cvb2rswtq6351', 1796136844208000, 'alarm.added', 'alarm:alarm_1', '{"fields":["again","answers","blind_below","closed","ended","endpoint","environment","evidence","hurts","id","interval","kind","metric","model","monitor","now","opened","promised","since","subjects","what","window","windows"],"digest":"0150c103c23b1491cc562bc9720005cd7d014b2ebda030dd44df540851f357d8"}', '', '0bd816a558e10a660372d953fc5d7647');
INSERT INTO tidemill_kept.acts VALUES ('event_01m8s1jexexmvj6wyh2pqmgwe8', 1796136844213830, 'token.added', 'token:token_1', '{"fields":["bound","created","expires","hash","id","name","once","principal","scopes"],"digest":"8e9e4dc9b40dc0f079013ccea69882aeb8b17a4601672402abf0d5bd40255f58"}', '', 'd15b65ec3a1101a6209d1b11c5d55cd6');
INSERT INTO tidemill_kept.acts VALUES ('event_01m8s1jexnkpf36ceqqfqh15sy', 1796136844217191, 'settlement.added', 'settlement:settlement_1', '{"fields":["at","came","endpoint","environment","expected","id","interval","kind","metric","model","other","reason","requests","settled","subject","subjects","what","when"],"digest":"035866a4bfeb65e98452d30b8f5ed192365f7859665ced1915025d91602e9383"}', '', 'f04db57aefc74d4911c7d562436e3ea9');
INSERT INTO tidemill_kept.acts VALUES ('event_01m8s1jexsheq8pd87d4rcgt1x', 1796136844221682, 'principal.added', 'principal:principal_1', '{"fields":["by","created","disabled","display","id","issuer","key","key_envelope","kind","name","owner","roles","subject"],"digest":"a4c7da683c1304222cc5e104355d2ff62ec30bf33675ab0a708043abcb4bdd7a"}', '', '02b7eb6d4e238ab24c7c59b562c136ff');
INSERT INTO tidemill_kept.acts VALUES ('event_01m8s1jexvmj0vm5vrxzdsvye9', 1796136844223164, 'password.added', 'principal:principal_1', '{"fields":["changed","hash","must_change","principal"],"digest":"a56e40eca77417e321e8d2470fad54d8f9e5d313aff24628992a9c8480ff1ad5"}', '', 'fa556c1717ed4f0792f73573c2ce2807');
INSERT INTO tidemill_kept.acts VALUES ('event_01m8s1jexyfpbaf5ybhm8s8v8k', 1796136844226324, 'approval.added', 'approval:approval_1', '{"fields":["asked","asks_reason","author","due","ended","endpoint","environment","four_eyes","id","inputs","inputs_digest","kind","needed","own_key","person","roles","rule","status","subject","who","why"],"digest":"dc0b7ae0948bad0dc2a515f0f04ba8e6529f5eaeec9a9973bd8998832859791d","status":"open"}', '', '8a942d591f587cf91cbbfbb212f282c6');
INSERT INTO tidemill_kept.acts VALUES ('event_01m8s1jey0wyvvzd5q7vkxyh62', 1796136844228336, 'vote.added', 'vote:vote_1', '{"fields":["approval","at","envelope","id","own_key","person","principal","reason","role","seen","self_approved","who","yes"],"digest":"bdd3e09b65ce9b45570119e6da76446862383e16edac5552f8fd920c20228e3c"}', '', '4926218dd32eaaebe41d16f297315693');
INSERT INTO tidemill_kept.acts VALUES ('event_01m8s1jey2k5npphs437hea0kw', 1796136844230027, 'comment.added', 'comment:comment_1', '{"fields":["about","at","id","mentions","principal","removed","reply_to","text","who"],"digest":"f330eca65ba562aa6b4123fe17599631a93ea91f69db33252c4aab318f2a8133"}', '', '9fa4ab100db49b5d1412078575970109');
INSERT INTO tidemill_kept.acts VALUES ('event_01m8s1jey4zj9w58p7pe2zp15w', 1796136844232531, 'limit.added', 'limit:limit_1', '{"fields":["begun","by","ended","ended_by","id","kind","mark","of","over","purpose","since","subject"],"digest":"209e5a222c344d9bc78c18c315f06fe823e683cd20cddef81bd77247880fee59"}', '', '7f64f4dd631f353f7dc2c7b79e7da532');
INSERT INTO tidemill_kept.acts VALUES ('event_01m8s1jey6sxa35y8yhx3t3kx0', 1796136844234414, 'request.added', 'request:request_1', '{"fields":["by","due","ended","ended_by","extended","how","id","kind","mark","of","reason","received","subject","why"],"digest":"461f8b07ca52974d30dd61503d9edf11ae12125f0b2f192050812bcf945a8dc7"}', '', '05cf4313062fd983e20b082609e6fc6e');


--
-- Data for Name: alarms; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.alarms VALUES ('alarm_1', '', 'shop', 'drift', 'drift', 'model:shop@1', 10, 12, 0, '["price 1% -> 40%"]', 'no', false, '{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}', NULL, 'ended 1', 'metric 1', -2.5, -2.5, '[-2.5,0.5]', 3, 3, 3, -2.5);


--
-- Data for Name: approvals; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.approvals VALUES ('approval_1', 'release', 'release:release_1', 'rule 1', 'author 1', '["product-owner"]', 3, true, 100, 1000, 'open', '{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}', 'inputs_digest 1', 1000, '', 'shop', 'person 1', 'who 1', 'why 1', true, true);


--
-- Data for Name: artifacts; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.artifacts VALUES ('sha256:4', 'json', 3, 1000);


--
-- Data for Name: attempts; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.attempts VALUES ('attempt_1', 3, 1000, 1000);


--
-- Data for Name: baselines; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.baselines VALUES ('', 'shop', 'model:shop@1', 'artifact 1', 1000);


--
-- Data for Name: batch_parts; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.batch_parts VALUES ('bbbbbbbbbbbbbbbb0002', 'bbbbbbbbbbbbbbbb', 2, 'shop', '', 100, 10, 8, '[{"model":"model:shop@1","release":"release_1","arm":"champion","propensity":1.0,"n":8}]', 'sha256:l', 'sha256:o', 'run_1');


--
-- Data for Name: comments; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.comments VALUES ('comment_1', 'release:release_1', 'principal 1', 100, 'text 1', 'reply_to 1', 1000, 'who 1', '["load","split"]');


--
-- Data for Name: counters; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.counters VALUES ('releases', 1);
INSERT INTO tidemill_kept.counters VALUES ('tokens', 1796136844217498);
INSERT INTO tidemill_kept.counters VALUES ('ledger', 19);


--
-- Data for Name: datasets; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.datasets VALUES ('sales', 1, 1, 'digest 1', 100, 3, 1000, 'run 1', -5, 9007199254740993, 'profile 1', 'ingest 1');


--
-- Data for Name: decisions; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.decisions VALUES ('decision_1', 10, 'retrain', 'reason 1', 'code 1', '{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}', 'evidence_digest 1', '{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}', 'run 1', 'shop', '');


--
-- Data for Name: deferred; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--



--
-- Data for Name: edges; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.edges VALUES ('artifact:a', 'artifact:b', 'read', 5);


--
-- Data for Name: entity_inputs; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.entity_inputs VALUES ('churn', '12345', 100, '\x7b226d6f6e7468223a322e307d');


--
-- Data for Name: events; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.events VALUES ('event_1', 10, 'alarm', 'model:shop@1', '{"why":["drift"]}', 'principal 1', 1796136844198028, '0a1e12717f8226f9556b463ae469e603');


--
-- Data for Name: experiments; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--



--
-- Data for Name: fences; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--



--
-- Data for Name: files; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.files VALUES ('sales', 'sha256:f', 'a.csv', 100, 3, 1, 'ingest 1', 1000);


--
-- Data for Name: gone; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--



--
-- Data for Name: history; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.history VALUES (1, 'o1', 1, 1, 110, -2.5, 1, 7);


--
-- Data for Name: item_rows; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.item_rows VALUES (2, 'sales', '85123A', 'north', 110, '{"stock":3,"name":"LANTERN"}', '{}', 0, 130, 'principal 1', 'sha256:x', 7, 'ingest_1', 3);
INSERT INTO tidemill_kept.item_rows VALUES (3, 'sales', '85123A', 'north', 120, '{"stock":0,"name":"LANTERN"}', '{"name":110}', 0, 130, 'principal 1', 'sha256:x', 7, 'ingest_1', NULL);


--
-- Data for Name: items; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.items VALUES (1, '85123A', 'sales');


--
-- Data for Name: jobs; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.jobs VALUES ('job_1', '', 'shop', 'train', 'decision:decision_1', 'running', 10, NULL, 'decision_1', '', '', 1);


--
-- Data for Name: leases; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.leases VALUES ('run:model|a=1', 'owner 1', 1000, '', 3);


--
-- Data for Name: ledger; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.ledger VALUES (1, 1796136844169185, '', 'genesis', 'events:0', '', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', '0000000000000000000000000000000000000000000000000000000000000000', '6d12f0143b23cb04fbc53d55afca4393666d488b818d452383ac9f7daf8139b3');
INSERT INTO tidemill_kept.ledger VALUES (2, 1796136844169185, '', 'run.added', '', 'event_01m8s1jew524am6032dks3znzr', 'ef518ef35e42f073ab687fe70f2a500c7eff8fecab909196fe89bee548319823', '6d12f0143b23cb04fbc53d55afca4393666d488b818d452383ac9f7daf8139b3', '75cc79aff6e13b9e6cb22879b481461feab4e27308726c5b70e38d1fae6bd6d5');
INSERT INTO tidemill_kept.ledger VALUES (3, 1796136844183721, '', 'dataset version.added', 'dataset:sales@1', 'event_01m8s1jewkjb54x6whh00rms66', '41baee6b6104099f0d3c47c57714699603e584373f3dc3b9f4121d8d4c11b92a', '75cc79aff6e13b9e6cb22879b481461feab4e27308726c5b70e38d1fae6bd6d5', '2ca25931a69fa6fefbbf98dff61ac5a7ab46c84be388ec1196643163da50a9d0');
INSERT INTO tidemill_kept.ledger VALUES (4, 1796136844187172, '', 'model.added', 'model:shop@1', 'event_01m8s1jewqjxks0a61xjs04jv0', '007773befad38a6984fa28fed072a0473b3997b4f0e2f13e5c35f943962dbe9c', '2ca25931a69fa6fefbbf98dff61ac5a7ab46c84be388ec1196643163da50a9d0', 'fc53e2a0e1c005874ec29eb57ede951fa965a2b8421df72bb6ec9e2ef5a36b07');
INSERT INTO tidemill_kept.ledger VALUES (5, 1796136844189052, '', 'verdict.added', '', 'event_01m8s1jewsyxp7kq6hexjqyeet', '9e0de88bb9626aa31647004a3580d25081902ce51bc50ad6f66bd303ccee84e2', 'fc53e2a0e1c005874ec29eb57ede951fa965a2b8421df72bb6ec9e2ef5a36b07', '8da72dbe619e3b4a5f707d6e6dff9f5c9034a0a8e59aee4916b58bff0d929b79');
INSERT INTO tidemill_kept.ledger VALUES (6, 1796136844192164, '', 'release.added', '', 'event_01m8s1jewvhhtkk54vs84e20j3', '41aca15b18eb2f876c6fd61c599355f55945b830353c232d7c2a1dcd9947d287', '8da72dbe619e3b4a5f707d6e6dff9f5c9034a0a8e59aee4916b58bff0d929b79', 'c3a0e92e285f493c3b70499feb912e7f3b7d52397a5c4673407c7e41a57006dc');
INSERT INTO tidemill_kept.ledger VALUES (7, 1796136844193862, '', 'decision.added', '', 'event_01m8s1jewywe31ytydd516fteh', 'd50eed78e7797733dfc3d6f79f49fe140c5fb5a9b91c8346256cac5b1d7235e0', 'c3a0e92e285f493c3b70499feb912e7f3b7d52397a5c4673407c7e41a57006dc', 'c254b10aa3e0001b2b57323dc04f24ee6a6bb698f9b2a7d2d14994c139c91857');
INSERT INTO tidemill_kept.ledger VALUES (8, 1796136844195689, '', 'job.added', 'job:job_1', 'event_01m8s1jewzpfbtkw9s37t8a2sb', 'de3687d370375993b21ea5c65cbd6b92ee9cbb8c6005ef9ba58e6c154adc579e', 'c254b10aa3e0001b2b57323dc04f24ee6a6bb698f9b2a7d2d14994c139c91857', '56e0a376088bc80a4ff89e1f747ef3b90fe6931fc1b18b093286ae81c2cd7aa3');
INSERT INTO tidemill_kept.ledger VALUES (9, 1796136844202099, '-', 'alarm', 'model:shop@1', 'event_1', '63d6e2fab8e60eab40f0fa5340d614585ecf473a1cc5adbf8f68793762e37169', '56e0a376088bc80a4ff89e1f747ef3b90fe6931fc1b18b093286ae81c2cd7aa3', 'b2b8e2f8775b49045baf4a91904f5622a354ef950407bef07b52f056db7bdf67');
INSERT INTO tidemill_kept.ledger VALUES (10, 1796136844208000, '', 'alarm.added', '', 'event_01m8s1jexccy1cvb2rswtq6351', '19abc3f4220d7bfd11bd973e39dbbf088572c8516ae9586b2f584b627e235eb0', 'b2b8e2f8775b49045baf4a91904f5622a354ef950407bef07b52f056db7bdf67', 'c38cfa7a7242d58077d0fa37cfc56899a6d646760242ca33fdf1c9cb5c2c678b');
INSERT INTO tidemill_kept.ledger VALUES (11, 1796136844213830, '', 'token.added', '', 'event_01m8s1jexexmvj6wyh2pqmgwe8', '38d685ce4e0427b1eda804b09f94bc0ae759d5a9e38d90a5c9c98a22cb3ff84f', 'c38cfa7a7242d58077d0fa37cfc56899a6d646760242ca33fdf1c9cb5c2c678b', 'bbb9cd8438a5094dc051736350f87cdc11530578e71591ef8f1cdeb4740840f3');
INSERT INTO tidemill_kept.ledger VALUES (12, 1796136844217191, '', 'settlement.added', '', 'event_01m8s1jexnkpf36ceqqfqh15sy', 'bb2f1804667551fa98631209a122e81c8dcaa48b84b76d9fee69a385fc5a88f9', 'bbb9cd8438a5094dc051736350f87cdc11530578e71591ef8f1cdeb4740840f3', '5c841bccf2cab7c8b6094e4385a92210bbaad7bc170fb4b4e722178755092e5e');
INSERT INTO tidemill_kept.ledger VALUES (13, 1796136844221682, '', 'principal.added', '', 'event_01m8s1jexsheq8pd87d4rcgt1x', 'c86d706d9212c09164d9841060e6c472ba0454dd990b39b7809e8cf81bac95b6', '5c841bccf2cab7c8b6094e4385a92210bbaad7bc170fb4b4e722178755092e5e', '6d8f7e535772a1c7807dad44a01727f1a73ea7e1ee2193349e9a9d3b662ca0a3');
INSERT INTO tidemill_kept.ledger VALUES (14, 1796136844223164, '', 'password.added', '', 'event_01m8s1jexvmj0vm5vrxzdsvye9', 'c9e999e6d1bdf78b0c4d9a9feacc5e8e264c8aa1f3880defee50d0ad48440473', '6d8f7e535772a1c7807dad44a01727f1a73ea7e1ee2193349e9a9d3b662ca0a3', '3c90455fb5718708644bce2e8f1ebbbc8e23454b0891bd9ee91f91a8a75d961a');
INSERT INTO tidemill_kept.ledger VALUES (15, 1796136844226324, '', 'approval.added', '', 'event_01m8s1jexyfpbaf5ybhm8s8v8k', 'a14d4887357fd24dd379a358290b7fa016a8e5bb19ffd9366812c77a48c29888', '3c90455fb5718708644bce2e8f1ebbbc8e23454b0891bd9ee91f91a8a75d961a', '39a2badab13eb2975d516f43dbfa3e4fca705305fff9d275da1583f3552e3281');
INSERT INTO tidemill_kept.ledger VALUES (16, 1796136844228336, '', 'vote.added', '', 'event_01m8s1jey0wyvvzd5q7vkxyh62', 'f27b23674be2c83efbb4682fe8300436ec35763701e82861b1918ff3e8660644', '39a2badab13eb2975d516f43dbfa3e4fca705305fff9d275da1583f3552e3281', '8b57168665fe4f2bb5bf7299881c9e07b83f762f98a06634e5f50feb13c40ae9');
INSERT INTO tidemill_kept.ledger VALUES (17, 1796136844230027, '', 'comment.added', '', 'event_01m8s1jey2k5npphs437hea0kw', '36dc5334c4c28b75a3ae69ff5314bf1a1fdb0fa43d6ed0b1e76e196d6f013856', '8b57168665fe4f2bb5bf7299881c9e07b83f762f98a06634e5f50feb13c40ae9', '31eb9f8b23e91cb0893128d3a6fd149eb77f80db752e3be86e53483ca3f49c34');
INSERT INTO tidemill_kept.ledger VALUES (18, 1796136844232531, '', 'limit.added', '', 'event_01m8s1jey4zj9w58p7pe2zp15w', '0f227d63b982aec85681f706ae0fc46a452eb0c22e10eef7a43933ea4aa920c8', '31eb9f8b23e91cb0893128d3a6fd149eb77f80db752e3be86e53483ca3f49c34', '280c4a8af17ceabd3291cc34f0f518b8cb4dcfb66dd5f3953882fbf8cd139433');
INSERT INTO tidemill_kept.ledger VALUES (19, 1796136844234414, '', 'request.added', '', 'event_01m8s1jey6sxa35y8yhx3t3kx0', '42ee6f3624565a7a085b5c3c4d8e9adbdb4c7d9c64ab0367c83ba18f9c3a6e20', '280c4a8af17ceabd3291cc34f0f518b8cb4dcfb66dd5f3953882fbf8cd139433', '76819f2ff5c4e7eaac14a5af6b0301a55b503b1728282b10d38aa2fded4de905');


--
-- Data for Name: ledger_heads; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--



--
-- Data for Name: live_fences; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--



--
-- Data for Name: live_version; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.live_version VALUES ('0002', '0.1.0');


--
-- Data for Name: logins; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.logins VALUES ('state_1', 'browser 1', 'sealed 1', 'origin 1', 1, 9);


--
-- Data for Name: models; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.models VALUES ('shop', 1, 'bundle 1', 'evaluation_bundle 1', '{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}', 'first', '{"recall@20":[0.31,0.29,0.33],"n":310}', '["dataset:sales@1"]', 1000, 'run 1', 'author 1', 'card 1', 1000, '{"rows":300,"columns":7,"found":[{"kind":"copy","column":"state","held":true,"said":"it is the label","hint":"exclude it","figures":{"same":1.0},"shape":[["a",0.5,3]]}],"answer":"share of yes"}');


--
-- Data for Name: outcomes; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.outcomes VALUES ('o1', 110, '12345', '85123A', -2.5, 'pred_1', 120, NULL, '', 'shop', '', true, 0);


--
-- Data for Name: passwords; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.passwords VALUES ('principal_1', 'hash 1', 1000, true);


--
-- Data for Name: predictions; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.predictions VALUES ('pred_1', 'shop', 100, '12345', 'model:shop@1', 'release_1', 'canary', '\x7b226974656d73223a5b2261225d7d', '\x00ff', 4, 3, true, '536365', '', '\x7b226d6574686f64223a226e6f6e65222c22776879223a22612073616d706c65222c22616e7377657273223a5b5d7d', -2.5);


--
-- Data for Name: principals; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.principals VALUES ('principal_1', 'ann.principal_1', 'person', '["data-scientist"]', 1000, 'by 1', 'display 1', 'owner 1', '', 'subject 1', 'key 1', 'key_envelope 1', 1000);


--
-- Data for Name: releases; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.releases VALUES ('release_1', 'shop', 'model:shop@1', 'held', '[{"share":0.25,"span":10,"requests":200},{"share":1.0}]', 0, 1000, 1000, 1001, 1002, 'release_0', 'override 1', '["load","split"]', 'decision_1', 'author 1', '{"blessings":{"quality":"blessed"},"refused":["refit"],"approved":{"who":"ann"},"rejected":null,"stages":[],"waits_in":null,"damaged":"","shadow":null,"mirror":null,"bake_until":null,"bake":null,"halted":null,"rolled_back":null,"waits":[],"paused":null,"pauses":[],"uncounted":0,"failed_before":0,"watch":null,"no_way_back":null,"saw":null,"policy":""}', '');


--
-- Data for Name: runs; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.runs VALUES ('run_1', 'model', 'model|a=1', 'running', 'host:1:2', 1000, 2000, 'parent 1', '{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}', 7, '{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}', '{"python":"3.12.1"}', '{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}', '{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}', 'error 1');


--
-- Data for Name: scorers; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.scorers VALUES ('scorer_1', '', 'host 1', 'address 1', 3, 0, 1000, 1000, 3, 3, 3, '{"shop":{"health":"ok","variants":{}}}', 3);


--
-- Data for Name: serving_failures; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--



--
-- Data for Name: settings; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.settings VALUES ('mode', '"live"');


--
-- Data for Name: settlements; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.settlements VALUES ('settlement_1', '', 'shop', 'alarm', 'what 1', 'alarm:alarm_1', 'model 1', 'other 1', 10, 1000, 'metric 1', 'right', 'reason 1', -2.5, -2.5, '[-2.5,0.5]', 3, 3);


--
-- Data for Name: sources; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.sources VALUES (1, 'file 1', 'ingest_1', 'shop');


--
-- Data for Name: steps; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.steps VALUES ('run_1', 'train', 'done', 3, '["load","split"]', 'fp', '{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}', '{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}', '{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}', '["load","split"]', 3, 1100, 1200, 3, 'error 1');


--
-- Data for Name: subject_limits; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.subject_limits VALUES ('limit_1', 'of 1', 'subject 1', 'mark 1', 'object', 'purpose 1', 1000, 'by 1', 3, 1000, '', 4);


--
-- Data for Name: subject_requests; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.subject_requests VALUES ('request_1', 'of 1', 'subject 1', 'mark 1', 'access', 100, 200, 'by 1', 'why 1', '', 2000, 'principal_2', 'done', 'subject_exported');


--
-- Data for Name: subjects; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.subjects VALUES (1, '12345', 'sales');


--
-- Data for Name: tidemill_version; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.tidemill_version VALUES ('0005', '0.1.0');


--
-- Data for Name: tokens; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.tokens VALUES ('token_1', 'name 1', 'hash of token_1', '["predict","read"]', 1, 9, true, 'principal 1', 'bound 1');


--
-- Data for Name: verdicts; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.verdicts VALUES ('verdict_1', 'model:shop@1', 'superior', 'quality', true, 'verdict 1', '{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}', 'attestation 1', 1000);


--
-- Data for Name: visits; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.visits VALUES ('principal_1', 'inbox', 1000, 1000);


--
-- Data for Name: votes; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.votes VALUES ('vote_1', 'approval_1', 'principal_1', 'principal_1', 'role 1', true, 'reason 1', 100, 'seen 1', 'envelope 1', true, 'who 1', true);


--
-- Data for Name: vouched; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.vouched VALUES ('token_1', 'principal_1', 'issuer 1', 'sealed 1', 1000, 1000);


--
-- Data for Name: windows; Type: TABLE DATA; Schema: tidemill_kept; Owner: -
--

INSERT INTO tidemill_kept.windows VALUES ('shop', 'drift', 0, 10, 4, '{"model":"model:shop@1","calibration":{"threshold":8.0,"promised":1.0,"expected":0.5,"realised":null,"realised_windows":0,"windows":0,"method":"chi-square"},"columns":{"price":{"p":1e-09,"words":"price 1% -> 40%","n":100,"x2":50.0,"df":3,"moved":0.4,"counts":[]}},"which":["price"],"score":20.0,"skipped":{"day":"part of the key"},"version":0,"source":"rows","reasons":{},"labels":{},"subjects":0,"shown":null,"kind":"drift"}', true, '', true, 0, 0);


--
-- Name: live_version live_version_pkey; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.live_version
    ADD CONSTRAINT live_version_pkey PRIMARY KEY (version_num);


--
-- Name: acts pk_acts; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.acts
    ADD CONSTRAINT pk_acts PRIMARY KEY (id);


--
-- Name: alarms pk_alarms; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.alarms
    ADD CONSTRAINT pk_alarms PRIMARY KEY (id);


--
-- Name: approvals pk_approvals; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.approvals
    ADD CONSTRAINT pk_approvals PRIMARY KEY (id);


--
-- Name: artifacts pk_artifacts; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.artifacts
    ADD CONSTRAINT pk_artifacts PRIMARY KEY (digest);


--
-- Name: attempts pk_attempts; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.attempts
    ADD CONSTRAINT pk_attempts PRIMARY KEY (key);


--
-- Name: baselines pk_baselines; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.baselines
    ADD CONSTRAINT pk_baselines PRIMARY KEY (environment, endpoint, model);


--
-- Name: batch_parts pk_batch_parts; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.batch_parts
    ADD CONSTRAINT pk_batch_parts PRIMARY KEY (name);


--
-- Name: comments pk_comments; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.comments
    ADD CONSTRAINT pk_comments PRIMARY KEY (id);


--
-- Name: counters pk_counters; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.counters
    ADD CONSTRAINT pk_counters PRIMARY KEY (name);


--
-- Name: datasets pk_datasets; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.datasets
    ADD CONSTRAINT pk_datasets PRIMARY KEY (dataset, version, generation);


--
-- Name: decisions pk_decisions; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.decisions
    ADD CONSTRAINT pk_decisions PRIMARY KEY (id);


--
-- Name: deferred pk_deferred; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.deferred
    ADD CONSTRAINT pk_deferred PRIMARY KEY (id);


--
-- Name: edges pk_edges; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.edges
    ADD CONSTRAINT pk_edges PRIMARY KEY (source, target, relation);


--
-- Name: entity_inputs pk_entity_inputs; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.entity_inputs
    ADD CONSTRAINT pk_entity_inputs PRIMARY KEY (model, subject);


--
-- Name: events pk_events; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.events
    ADD CONSTRAINT pk_events PRIMARY KEY (id);


--
-- Name: experiments pk_experiments; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.experiments
    ADD CONSTRAINT pk_experiments PRIMARY KEY (id);


--
-- Name: fences pk_fences; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.fences
    ADD CONSTRAINT pk_fences PRIMARY KEY (name);


--
-- Name: files pk_files; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.files
    ADD CONSTRAINT pk_files PRIMARY KEY (dataset, digest);


--
-- Name: gone pk_gone; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.gone
    ADD CONSTRAINT pk_gone PRIMARY KEY (seq);


--
-- Name: history pk_history; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.history
    ADD CONSTRAINT pk_history PRIMARY KEY (seq);


--
-- Name: item_rows pk_item_rows; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.item_rows
    ADD CONSTRAINT pk_item_rows PRIMARY KEY (seq);


--
-- Name: items pk_items; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.items
    ADD CONSTRAINT pk_items PRIMARY KEY (id);


--
-- Name: jobs pk_jobs; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.jobs
    ADD CONSTRAINT pk_jobs PRIMARY KEY (id);


--
-- Name: leases pk_leases; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.leases
    ADD CONSTRAINT pk_leases PRIMARY KEY (name);


--
-- Name: ledger pk_ledger; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.ledger
    ADD CONSTRAINT pk_ledger PRIMARY KEY (seq);


--
-- Name: ledger_heads pk_ledger_heads; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.ledger_heads
    ADD CONSTRAINT pk_ledger_heads PRIMARY KEY (size);


--
-- Name: live_fences pk_live_fences; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.live_fences
    ADD CONSTRAINT pk_live_fences PRIMARY KEY (name);


--
-- Name: logins pk_logins; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.logins
    ADD CONSTRAINT pk_logins PRIMARY KEY (id);


--
-- Name: models pk_models; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.models
    ADD CONSTRAINT pk_models PRIMARY KEY (name, version);


--
-- Name: outcomes pk_outcomes; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.outcomes
    ADD CONSTRAINT pk_outcomes PRIMARY KEY (key, endpoint, environment);


--
-- Name: passwords pk_passwords; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.passwords
    ADD CONSTRAINT pk_passwords PRIMARY KEY (principal);


--
-- Name: predictions pk_predictions; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.predictions
    ADD CONSTRAINT pk_predictions PRIMARY KEY (id);


--
-- Name: principals pk_principals; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.principals
    ADD CONSTRAINT pk_principals PRIMARY KEY (id);


--
-- Name: releases pk_releases; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.releases
    ADD CONSTRAINT pk_releases PRIMARY KEY (id);


--
-- Name: runs pk_runs; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.runs
    ADD CONSTRAINT pk_runs PRIMARY KEY (id);


--
-- Name: scorers pk_scorers; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.scorers
    ADD CONSTRAINT pk_scorers PRIMARY KEY (id);


--
-- Name: serving_failures pk_serving_failures; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.serving_failures
    ADD CONSTRAINT pk_serving_failures PRIMARY KEY (release);


--
-- Name: settings pk_settings; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.settings
    ADD CONSTRAINT pk_settings PRIMARY KEY (name);


--
-- Name: settlements pk_settlements; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.settlements
    ADD CONSTRAINT pk_settlements PRIMARY KEY (id);


--
-- Name: sources pk_sources; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.sources
    ADD CONSTRAINT pk_sources PRIMARY KEY (id);


--
-- Name: steps pk_steps; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.steps
    ADD CONSTRAINT pk_steps PRIMARY KEY (run, name);


--
-- Name: subject_limits pk_subject_limits; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.subject_limits
    ADD CONSTRAINT pk_subject_limits PRIMARY KEY (id);


--
-- Name: subject_requests pk_subject_requests; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.subject_requests
    ADD CONSTRAINT pk_subject_requests PRIMARY KEY (id);


--
-- Name: subjects pk_subjects; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.subjects
    ADD CONSTRAINT pk_subjects PRIMARY KEY (id);


--
-- Name: tokens pk_tokens; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.tokens
    ADD CONSTRAINT pk_tokens PRIMARY KEY (id);


--
-- Name: verdicts pk_verdicts; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.verdicts
    ADD CONSTRAINT pk_verdicts PRIMARY KEY (id);


--
-- Name: visits pk_visits; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.visits
    ADD CONSTRAINT pk_visits PRIMARY KEY (principal, place);


--
-- Name: votes pk_votes; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.votes
    ADD CONSTRAINT pk_votes PRIMARY KEY (id);


--
-- Name: vouched pk_vouched; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.vouched
    ADD CONSTRAINT pk_vouched PRIMARY KEY (session);


--
-- Name: windows pk_windows; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.windows
    ADD CONSTRAINT pk_windows PRIMARY KEY (endpoint, monitor, start, environment);


--
-- Name: tidemill_version tidemill_version_pkey; Type: CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.tidemill_version
    ADD CONSTRAINT tidemill_version_pkey PRIMARY KEY (version_num);


--
-- Name: ix_alarms_endpoint_opened; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_alarms_endpoint_opened ON tidemill_kept.alarms USING btree (endpoint, opened);


--
-- Name: ix_approvals_status_asked; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_approvals_status_asked ON tidemill_kept.approvals USING btree (status, asked);


--
-- Name: ix_approvals_subject; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_approvals_subject ON tidemill_kept.approvals USING btree (subject);


--
-- Name: ix_attempts_last; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_attempts_last ON tidemill_kept.attempts USING btree (last);


--
-- Name: ix_batch_parts_at_endpoint; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_batch_parts_at_endpoint ON tidemill_kept.batch_parts USING btree (at, endpoint);


--
-- Name: ix_batch_parts_batch_number; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_batch_parts_batch_number ON tidemill_kept.batch_parts USING btree (batch, number);


--
-- Name: ix_comments_about_at; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_comments_about_at ON tidemill_kept.comments USING btree (about, at);


--
-- Name: ix_comments_at; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_comments_at ON tidemill_kept.comments USING btree (at);


--
-- Name: ix_decisions_at_id; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_decisions_at_id ON tidemill_kept.decisions USING btree (at, id);


--
-- Name: ix_deferred_due; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_deferred_due ON tidemill_kept.deferred USING btree (due);


--
-- Name: ix_deferred_subject; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_deferred_subject ON tidemill_kept.deferred USING btree (subject);


--
-- Name: ix_edges_target; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_edges_target ON tidemill_kept.edges USING btree (target);


--
-- Name: ix_entity_inputs_subject; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_entity_inputs_subject ON tidemill_kept.entity_inputs USING btree (subject);


--
-- Name: ix_events_at_seq; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_events_at_seq ON tidemill_kept.events USING btree (at, seq);


--
-- Name: ix_events_kind_at_seq; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_events_kind_at_seq ON tidemill_kept.events USING btree (kind, at, seq);


--
-- Name: ix_events_seq; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_events_seq ON tidemill_kept.events USING btree (seq);


--
-- Name: ix_experiments_endpoint_started; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_experiments_endpoint_started ON tidemill_kept.experiments USING btree (endpoint, started);


--
-- Name: ix_history_key; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_history_key ON tidemill_kept.history USING btree (key);


--
-- Name: ix_history_subject_item; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_history_subject_item ON tidemill_kept.history USING btree (subject, item);


--
-- Name: ix_history_told; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_history_told ON tidemill_kept.history USING btree (subject, item) WHERE ("row" IS NULL);


--
-- Name: ix_item_rows_dataset_item_seq; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_item_rows_dataset_item_seq ON tidemill_kept.item_rows USING btree (dataset, item, seq);


--
-- Name: ix_item_rows_replaced; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_item_rows_replaced ON tidemill_kept.item_rows USING btree (until) WHERE (until IS NOT NULL);


--
-- Name: ix_items_name_dataset; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE UNIQUE INDEX ix_items_name_dataset ON tidemill_kept.items USING btree (name, dataset);


--
-- Name: ix_jobs_decision; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_jobs_decision ON tidemill_kept.jobs USING btree (decision);


--
-- Name: ix_jobs_endpoint_started; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_jobs_endpoint_started ON tidemill_kept.jobs USING btree (endpoint, started);


--
-- Name: ix_ledger_event; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_ledger_event ON tidemill_kept.ledger USING btree (event);


--
-- Name: ix_ledger_principal_seq; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_ledger_principal_seq ON tidemill_kept.ledger USING btree (principal, seq);


--
-- Name: ix_logins_expires; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_logins_expires ON tidemill_kept.logins USING btree (expires);


--
-- Name: ix_logins_origin; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_logins_origin ON tidemill_kept.logins USING btree (origin);


--
-- Name: ix_outcomes_endpoint_received; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_outcomes_endpoint_received ON tidemill_kept.outcomes USING btree (endpoint, received);


--
-- Name: ix_outcomes_joined; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_outcomes_joined ON tidemill_kept.outcomes USING btree (joined) WHERE (joined IS NOT NULL);


--
-- Name: ix_outcomes_joined_at; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_outcomes_joined_at ON tidemill_kept.outcomes USING btree (joined_at) WHERE (joined IS NOT NULL);


--
-- Name: ix_outcomes_quarantined; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_outcomes_quarantined ON tidemill_kept.outcomes USING btree (item) WHERE quarantined;


--
-- Name: ix_outcomes_unjoined; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_outcomes_unjoined ON tidemill_kept.outcomes USING btree (endpoint, environment, at, key) WHERE (how = ''::text);


--
-- Name: ix_predictions_at_endpoint; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_predictions_at_endpoint ON tidemill_kept.predictions USING btree (at, endpoint);


--
-- Name: ix_predictions_subject_at; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_predictions_subject_at ON tidemill_kept.predictions USING btree (subject, at);


--
-- Name: ix_principals_name; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE UNIQUE INDEX ix_principals_name ON tidemill_kept.principals USING btree (name);


--
-- Name: ix_releases_endpoint_status; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_releases_endpoint_status ON tidemill_kept.releases USING btree (endpoint, status);


--
-- Name: ix_runs_pipeline_started; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_runs_pipeline_started ON tidemill_kept.runs USING btree (pipeline, started);


--
-- Name: ix_runs_started; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_runs_started ON tidemill_kept.runs USING btree (started);


--
-- Name: ix_runs_status_key; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_runs_status_key ON tidemill_kept.runs USING btree (status, key);


--
-- Name: ix_settlements_endpoint_at; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_settlements_endpoint_at ON tidemill_kept.settlements USING btree (endpoint, at);


--
-- Name: ix_sources_file_ingest_endpoint; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE UNIQUE INDEX ix_sources_file_ingest_endpoint ON tidemill_kept.sources USING btree (file, ingest, endpoint);


--
-- Name: ix_steps_fingerprint_ended; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_steps_fingerprint_ended ON tidemill_kept.steps USING btree (fingerprint, ended);


--
-- Name: ix_subject_limits_mark; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_subject_limits_mark ON tidemill_kept.subject_limits USING btree (mark);


--
-- Name: ix_subject_requests_mark; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_subject_requests_mark ON tidemill_kept.subject_requests USING btree (mark);


--
-- Name: ix_subjects_name_dataset; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE UNIQUE INDEX ix_subjects_name_dataset ON tidemill_kept.subjects USING btree (name, dataset);


--
-- Name: ix_tokens_hash; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE UNIQUE INDEX ix_tokens_hash ON tidemill_kept.tokens USING btree (hash);


--
-- Name: ix_tokens_principal; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_tokens_principal ON tidemill_kept.tokens USING btree (principal);


--
-- Name: ix_verdicts_model_at; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE INDEX ix_verdicts_model_at ON tidemill_kept.verdicts USING btree (model, at);


--
-- Name: ix_votes_approval_person; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE UNIQUE INDEX ix_votes_approval_person ON tidemill_kept.votes USING btree (approval, person);


--
-- Name: uq_experiments_running; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE UNIQUE INDEX uq_experiments_running ON tidemill_kept.experiments USING btree (environment, endpoint) WHERE (status = 'running'::text);


--
-- Name: uq_item_rows_now; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE UNIQUE INDEX uq_item_rows_now ON tidemill_kept.item_rows USING btree (dataset, item, store) WHERE (until IS NULL);


--
-- Name: uq_principals_vouched; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE UNIQUE INDEX uq_principals_vouched ON tidemill_kept.principals USING btree (issuer, subject) WHERE (issuer <> ''::text);


--
-- Name: uq_releases_champion; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE UNIQUE INDEX uq_releases_champion ON tidemill_kept.releases USING btree (environment, endpoint) WHERE (status = 'champion'::text);


--
-- Name: uq_releases_shadow; Type: INDEX; Schema: tidemill_kept; Owner: -
--

CREATE UNIQUE INDEX uq_releases_shadow ON tidemill_kept.releases USING btree (environment, endpoint) WHERE (status = 'shadow'::text);


--
-- Name: steps fk_steps_run; Type: FK CONSTRAINT; Schema: tidemill_kept; Owner: -
--

ALTER TABLE ONLY tidemill_kept.steps
    ADD CONSTRAINT fk_steps_run FOREIGN KEY (run) REFERENCES tidemill_kept.runs(id) ON DELETE CASCADE;


--
-- PostgreSQL database dump complete
--

\unrestrict nhFhGsH2GYzlMey8VTfFBHWd5VV7ILyhLstl5Fya3PI0uCYVLk4fDJCJdLWNjR8

