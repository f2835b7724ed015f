BEGIN TRANSACTION;
CREATE TABLE alarms (
	id TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	monitor TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	model TEXT, 
	window INTEGER NOT NULL, 
	opened INTEGER NOT NULL, 
	since INTEGER NOT NULL, 
	what TEXT NOT NULL, 
	hurts TEXT NOT NULL, 
	again INTEGER NOT NULL, 
	evidence TEXT NOT NULL, 
	closed INTEGER, 
	ended TEXT NOT NULL, 
	metric TEXT NOT NULL, 
	now REAL, 
	promised REAL, 
	interval TEXT NOT NULL, 
	windows INTEGER, 
	answers INTEGER, 
	subjects INTEGER, 
	blind_below REAL, 
	CONSTRAINT pk_alarms PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "alarms" VALUES('alarm_1','','shop','drift','drift','model:shop@1',10,12,0,'["price 1% -> 40%"]','no',0,'{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}',NULL,'ended 1','metric 1',-2.5,-2.5,'[-2.5,0.5]',3,3,3,-2.5);
CREATE TABLE approvals (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	author TEXT NOT NULL, 
	roles TEXT NOT NULL, 
	needed INTEGER NOT NULL, 
	four_eyes INTEGER NOT NULL, 
	asked INTEGER NOT NULL, 
	due INTEGER, 
	status TEXT NOT NULL, 
	inputs TEXT NOT NULL, 
	inputs_digest TEXT NOT NULL, 
	ended INTEGER, 
	environment TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	person TEXT NOT NULL, 
	who TEXT NOT NULL, 
	why TEXT NOT NULL, 
	asks_reason INTEGER NOT NULL, 
	own_key INTEGER NOT NULL, 
	CONSTRAINT pk_approvals PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "approvals" VALUES('approval_1','release','release:release_1','rule 1','author 1','["product-owner"]',3,1,100,1000,'open','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','inputs_digest 1',1000,'','shop','person 1','who 1','why 1',1,1);
CREATE TABLE artifacts (
	digest TEXT NOT NULL, 
	codec TEXT NOT NULL, 
	size INTEGER NOT NULL, 
	created INTEGER NOT NULL, 
	CONSTRAINT pk_artifacts PRIMARY KEY (digest)
)
 STRICT

;
INSERT INTO "artifacts" VALUES('sha256:4','json',3,1000);
CREATE TABLE attempts (
	"key" TEXT NOT NULL, 
	count INTEGER NOT NULL, 
	last INTEGER NOT NULL, 
	until INTEGER NOT NULL, 
	CONSTRAINT pk_attempts PRIMARY KEY ("key")
)
 STRICT

;
INSERT INTO "attempts" VALUES('attempt_1',3,1000,1000);
CREATE TABLE baselines (
	environment TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	model TEXT NOT NULL, 
	artifact TEXT NOT NULL, 
	made INTEGER NOT NULL, 
	CONSTRAINT pk_baselines PRIMARY KEY (environment, endpoint, model)
)
 STRICT

;
INSERT INTO "baselines" VALUES('','shop','model:shop@1','artifact 1',1000);
CREATE TABLE comments (
	id TEXT NOT NULL, 
	about TEXT NOT NULL, 
	principal TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	reply_to TEXT NOT NULL, 
	removed INTEGER, 
	who TEXT NOT NULL, 
	mentions TEXT NOT NULL, 
	CONSTRAINT pk_comments PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "comments" VALUES('comment_1','release:release_1','principal 1',100,'text 1','reply_to 1',1000,'who 1','["load","split"]');
CREATE TABLE counters (
	name TEXT NOT NULL, 
	value INTEGER NOT NULL, 
	CONSTRAINT pk_counters PRIMARY KEY (name)
)
 STRICT

;
INSERT INTO "counters" VALUES('releases',1);
INSERT INTO "counters" VALUES('tokens',1796090760067201);
CREATE TABLE datasets (
	dataset TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	generation INTEGER NOT NULL, 
	digest TEXT NOT NULL, 
	rows INTEGER NOT NULL, 
	quarantined INTEGER NOT NULL, 
	created INTEGER NOT NULL, 
	run TEXT, 
	time_min INTEGER, 
	time_max INTEGER, 
	profile TEXT, 
	ingest TEXT NOT NULL, 
	CONSTRAINT pk_datasets PRIMARY KEY (dataset, version, generation)
)
 STRICT

;
INSERT INTO "datasets" VALUES('sales',1,1,'digest 1',100,3,1000,'run 1',-5,9007199254740993,'profile 1','ingest 1');
CREATE TABLE decisions (
	id TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	action TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	code TEXT NOT NULL, 
	evidence TEXT NOT NULL, 
	evidence_digest TEXT NOT NULL, 
	policy TEXT NOT NULL, 
	run TEXT, 
	endpoint TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	CONSTRAINT pk_decisions PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "decisions" VALUES('decision_1',10,'retrain','reason 1','code 1','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','evidence_digest 1','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','run 1','shop','');
CREATE TABLE edges (
	source TEXT NOT NULL, 
	target TEXT NOT NULL, 
	relation TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	CONSTRAINT pk_edges PRIMARY KEY (source, target, relation)
)
 STRICT

;
INSERT INTO "edges" VALUES('artifact:a','artifact:b','read',5);
CREATE TABLE events (
	id TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	data TEXT NOT NULL, 
	principal TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "events" VALUES('event_1',10,'alarm','model:shop@1','{"why":["drift"]}','principal 1',1);
CREATE TABLE experiments (
	id TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	status TEXT NOT NULL, 
	arms TEXT NOT NULL, 
	models TEXT NOT NULL, 
	share REAL NOT NULL, 
	metric TEXT NOT NULL, 
	margin REAL NOT NULL, 
	effect REAL NOT NULL, 
	alpha REAL NOT NULL, 
	started INTEGER NOT NULL, 
	until INTEGER NOT NULL, 
	author TEXT NOT NULL, 
	"then" TEXT NOT NULL, 
	ended INTEGER, 
	verdict TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	settled TEXT NOT NULL, 
	"plan" TEXT NOT NULL, 
	CONSTRAINT pk_experiments PRIMARY KEY (id)
)
 STRICT

;
CREATE TABLE fences (
	name TEXT NOT NULL, 
	term INTEGER NOT NULL, 
	CONSTRAINT pk_fences PRIMARY KEY (name)
)
 STRICT

;
CREATE TABLE files (
	dataset TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	name TEXT NOT NULL, 
	rows INTEGER NOT NULL, 
	quarantined INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	ingest TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	CONSTRAINT pk_files PRIMARY KEY (dataset, digest)
)
 STRICT

;
INSERT INTO "files" VALUES('sales','sha256:f','a.csv',100,3,1,'ingest 1',1000);
CREATE TABLE jobs (
	id TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	status TEXT NOT NULL, 
	started INTEGER NOT NULL, 
	ended INTEGER, 
	decision TEXT, 
	code TEXT NOT NULL, 
	error TEXT NOT NULL, 
	times INTEGER NOT NULL, 
	CONSTRAINT pk_jobs PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "jobs" VALUES('job_1','','shop','train','decision:decision_1','running',10,NULL,'decision_1','','',1);
CREATE TABLE leases (
	name TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	expires INTEGER NOT NULL, 
	environment TEXT NOT NULL, 
	term INTEGER NOT NULL, 
	CONSTRAINT pk_leases PRIMARY KEY (name)
)
 STRICT

;
INSERT INTO "leases" VALUES('run:model|a=1','owner 1',1000,'',3);
CREATE TABLE ledger (
	seq INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	principal TEXT NOT NULL, 
	act TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	event TEXT NOT NULL, 
	commitment TEXT NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	CONSTRAINT pk_ledger PRIMARY KEY (seq)
)
 STRICT

;
CREATE TABLE ledger_heads (
	size INTEGER NOT NULL, 
	root TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	envelope TEXT NOT NULL, 
	anchors TEXT NOT NULL, 
	CONSTRAINT pk_ledger_heads PRIMARY KEY (size)
)
 STRICT

;
CREATE TABLE logins (
	id TEXT NOT NULL, 
	browser TEXT NOT NULL, 
	sealed TEXT NOT NULL, 
	origin TEXT NOT NULL, 
	started INTEGER NOT NULL, 
	expires INTEGER NOT NULL, 
	CONSTRAINT pk_logins PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "logins" VALUES('state_1','browser 1','sealed 1','origin 1',1,9);
CREATE TABLE models (
	name TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	bundle TEXT NOT NULL, 
	evaluation_bundle TEXT NOT NULL, 
	recipe TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	metrics TEXT NOT NULL, 
	data TEXT NOT NULL, 
	trained_through INTEGER NOT NULL, 
	run TEXT, 
	author TEXT NOT NULL, 
	card TEXT, 
	created INTEGER NOT NULL, 
	findings TEXT NOT NULL, 
	CONSTRAINT pk_models PRIMARY KEY (name, version)
)
 STRICT

;
INSERT INTO "models" VALUES('shop',1,'bundle 1','evaluation_bundle 1','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','first','{"recall@20":[0.31,0.29,0.33],"n":310}','["dataset:sales@1"]',1000,'run 1','author 1','card 1',1000,'{"rows":300,"columns":7,"found":[{"kind":"copy","column":"state","held":true,"said":"it is the label","hint":"exclude it","figures":{"same":1.0},"shape":[["a",0.5,3]]}],"answer":"share of yes"}');
CREATE TABLE passwords (
	principal TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	changed INTEGER NOT NULL, 
	must_change INTEGER NOT NULL, 
	CONSTRAINT pk_passwords PRIMARY KEY (principal)
)
 STRICT

;
INSERT INTO "passwords" VALUES('principal_1','hash 1',1000,1);
CREATE TABLE principals (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	roles TEXT NOT NULL, 
	created INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	display TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	issuer TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	key_envelope TEXT NOT NULL, 
	disabled INTEGER, 
	CONSTRAINT pk_principals PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "principals" VALUES('principal_1','ann.principal_1','person','["data-scientist"]',1000,'by 1','display 1','owner 1','','subject 1','key 1','key_envelope 1',1000);
CREATE TABLE releases (
	id TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	model TEXT NOT NULL, 
	status TEXT NOT NULL, 
	stages TEXT NOT NULL, 
	stage INTEGER NOT NULL, 
	stage_since INTEGER NOT NULL, 
	created INTEGER NOT NULL, 
	started INTEGER, 
	ended INTEGER, 
	previous TEXT, 
	override TEXT, 
	attestations TEXT NOT NULL, 
	decision TEXT, 
	author TEXT NOT NULL, 
	evidence TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	CONSTRAINT pk_releases PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "releases" VALUES('release_1','shop','model:shop@1','held','[{"share":0.25,"span":10,"requests":200},{"share":1.0}]',0,1000,1000,1001,1002,'release_0','override 1','["load","split"]','decision_1','author 1','{"blessings":{"quality":"blessed"},"refused":["refit"],"approved":{"who":"ann"},"rejected":null,"stages":[],"waits_in":null,"damaged":"","shadow":null,"mirror":null,"bake_until":null,"bake":null,"halted":null,"rolled_back":null,"waits":[],"paused":null,"pauses":[],"uncounted":0,"failed_before":0,"watch":null,"no_way_back":null,"saw":null}','');
CREATE TABLE runs (
	id TEXT NOT NULL, 
	pipeline TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	status TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	started INTEGER NOT NULL, 
	ended INTEGER, 
	parent TEXT, 
	params TEXT NOT NULL, 
	seed INTEGER NOT NULL, 
	code TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	cost TEXT NOT NULL, 
	outputs TEXT NOT NULL, 
	error TEXT, 
	CONSTRAINT pk_runs PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "runs" VALUES('run_1','model','model|a=1','running','host:1:2',1000,2000,'parent 1','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}',7,'{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','{"python":"3.12.1"}','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','error 1');
CREATE TABLE scorers (
	id TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	host TEXT NOT NULL, 
	address TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	since INTEGER NOT NULL, 
	beat INTEGER NOT NULL, 
	expires INTEGER NOT NULL, 
	releases INTEGER NOT NULL, 
	tokens INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	endpoints TEXT NOT NULL, 
	CONSTRAINT pk_scorers PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "scorers" VALUES('scorer_1','','host 1','address 1',3,0,1000,1000,3,3,3,'{"shop":{"health":"ok","variants":{}}}');
CREATE TABLE serving_failures (
	release TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	count INTEGER NOT NULL, 
	CONSTRAINT pk_serving_failures PRIMARY KEY (release)
)
 STRICT

;
CREATE TABLE settings (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_settings PRIMARY KEY (name)
)
 STRICT

;
INSERT INTO "settings" VALUES('mode','"live"');
CREATE TABLE settlements (
	id TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	what TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	model TEXT NOT NULL, 
	other TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	"when" INTEGER NOT NULL, 
	metric TEXT NOT NULL, 
	settled TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	expected REAL, 
	came REAL, 
	interval TEXT NOT NULL, 
	requests INTEGER NOT NULL, 
	subjects INTEGER NOT NULL, 
	CONSTRAINT pk_settlements PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "settlements" VALUES('settlement_1','','shop','alarm','what 1','alarm:alarm_1','model 1','other 1',10,1000,'metric 1','right','reason 1',-2.5,-2.5,'[-2.5,0.5]',3,3);
CREATE TABLE steps (
	run TEXT NOT NULL, 
	name TEXT NOT NULL, 
	status TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	"after" TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	fingerprint_inputs TEXT NOT NULL, 
	inputs TEXT NOT NULL, 
	outputs TEXT NOT NULL, 
	impure TEXT NOT NULL, 
	attempt INTEGER NOT NULL, 
	started INTEGER, 
	ended INTEGER, 
	cpu_us INTEGER NOT NULL, 
	error TEXT, 
	CONSTRAINT pk_steps PRIMARY KEY (run, name), 
	CONSTRAINT fk_steps_run FOREIGN KEY(run) REFERENCES runs (id) ON DELETE CASCADE
)
 STRICT

;
INSERT INTO "steps" VALUES('run_1','train','done',3,'["load","split"]','fp','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','["load","split"]',3,1100,1200,3,'error 1');
CREATE TABLE tidemill_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY, tidemill VARCHAR(64) NOT NULL);
INSERT INTO "tidemill_version" VALUES('0003','0.1.0');
CREATE TABLE tokens (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	scopes TEXT NOT NULL, 
	created INTEGER NOT NULL, 
	expires INTEGER, 
	once INTEGER NOT NULL, 
	principal TEXT DEFAULT '' NOT NULL, 
	bound TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_tokens PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "tokens" VALUES('token_1','name 1','hash of token_1','["predict","read"]',1,9,1,'principal 1','bound 1');
CREATE TABLE verdicts (
	id TEXT NOT NULL, 
	model TEXT NOT NULL, 
	gate TEXT NOT NULL, 
	blessing TEXT NOT NULL, 
	passed INTEGER NOT NULL, 
	verdict TEXT NOT NULL, 
	evidence TEXT NOT NULL, 
	attestation TEXT, 
	at INTEGER NOT NULL, 
	CONSTRAINT pk_verdicts PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "verdicts" VALUES('verdict_1','model:shop@1','superior','quality',1,'verdict 1','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','attestation 1',1000);
CREATE TABLE visits (
	principal TEXT NOT NULL, 
	place TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	"before" INTEGER, 
	CONSTRAINT pk_visits PRIMARY KEY (principal, place)
)
 STRICT

;
INSERT INTO "visits" VALUES('principal_1','inbox',1000,1000);
CREATE TABLE votes (
	id TEXT NOT NULL, 
	approval TEXT NOT NULL, 
	principal TEXT NOT NULL, 
	person TEXT NOT NULL, 
	role TEXT NOT NULL, 
	yes INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	seen TEXT NOT NULL, 
	envelope TEXT NOT NULL, 
	self_approved INTEGER NOT NULL, 
	who TEXT NOT NULL, 
	own_key INTEGER NOT NULL, 
	CONSTRAINT pk_votes PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "votes" VALUES('vote_1','approval_1','principal_1','principal_1','role 1',1,'reason 1',100,'seen 1','envelope 1',1,'who 1',1);
CREATE TABLE vouched (
	session TEXT NOT NULL, 
	principal TEXT NOT NULL, 
	issuer TEXT NOT NULL, 
	sealed TEXT NOT NULL, 
	checked INTEGER NOT NULL, 
	asked INTEGER NOT NULL, 
	CONSTRAINT pk_vouched PRIMARY KEY (session)
)
 STRICT

;
INSERT INTO "vouched" VALUES('token_1','principal_1','issuer 1','sealed 1',1000,1000);
CREATE TABLE windows (
	endpoint TEXT NOT NULL, 
	monitor TEXT NOT NULL, 
	start INTEGER NOT NULL, 
	"end" INTEGER NOT NULL, 
	n INTEGER NOT NULL, 
	data TEXT NOT NULL, 
	alarm INTEGER NOT NULL, 
	environment TEXT NOT NULL, 
	complete INTEGER NOT NULL, 
	revision INTEGER NOT NULL, 
	judged INTEGER NOT NULL, 
	CONSTRAINT pk_windows PRIMARY KEY (endpoint, monitor, start, environment)
)
 STRICT

;
INSERT INTO "windows" VALUES('shop','drift',0,10,4,'{"model":"model:shop@1","calibration":{"threshold":8.0,"promised":1.0,"expected":0.5,"realised":null,"realised_windows":0,"windows":0,"method":"chi-square"},"columns":{"price":{"p":1e-09,"words":"price 1% -> 40%","n":100,"x2":50.0,"df":3,"moved":0.4,"counts":[]}},"which":["price"],"score":20.0,"skipped":{"day":"part of the key"},"version":0,"source":"rows","reasons":{},"labels":{},"subjects":0,"shown":null,"kind":"drift"}',1,'',1,0,0);
CREATE INDEX ix_runs_started ON runs (started);
CREATE INDEX ix_runs_pipeline_started ON runs (pipeline, started);
CREATE INDEX ix_runs_status_key ON runs (status, "key");
CREATE INDEX ix_edges_target ON edges (target);
CREATE INDEX ix_verdicts_model_at ON verdicts (model, at);
CREATE UNIQUE INDEX uq_releases_champion ON releases (environment, endpoint) WHERE status = 'champion';
CREATE INDEX ix_releases_endpoint_status ON releases (endpoint, status);
CREATE UNIQUE INDEX uq_releases_shadow ON releases (environment, endpoint) WHERE status = 'shadow';
CREATE UNIQUE INDEX uq_experiments_running ON experiments (environment, endpoint) WHERE status = 'running';
CREATE INDEX ix_experiments_endpoint_started ON experiments (endpoint, started);
CREATE INDEX ix_decisions_at_id ON decisions (at, id);
CREATE INDEX ix_jobs_endpoint_started ON jobs (endpoint, started);
CREATE INDEX ix_jobs_decision ON jobs (decision);
CREATE INDEX ix_events_kind_at_seq ON events (kind, at, seq);
CREATE INDEX ix_events_at_seq ON events (at, seq);
CREATE INDEX ix_events_seq ON events (seq);
CREATE INDEX ix_alarms_endpoint_opened ON alarms (endpoint, opened);
CREATE INDEX ix_settlements_endpoint_at ON settlements (endpoint, at);
CREATE INDEX ix_tokens_principal ON tokens (principal);
CREATE UNIQUE INDEX ix_tokens_hash ON tokens (hash);
CREATE UNIQUE INDEX ix_principals_name ON principals (name);
CREATE UNIQUE INDEX uq_principals_vouched ON principals (issuer, subject) WHERE issuer != '';
CREATE INDEX ix_attempts_last ON attempts (last);
CREATE INDEX ix_logins_expires ON logins (expires);
CREATE INDEX ix_logins_origin ON logins (origin);
CREATE INDEX ix_approvals_status_asked ON approvals (status, asked);
CREATE INDEX ix_approvals_subject ON approvals (subject);
CREATE UNIQUE INDEX ix_votes_approval_person ON votes (approval, person);
CREATE INDEX ix_comments_about_at ON comments (about, at);
CREATE INDEX ix_comments_at ON comments (at);
CREATE INDEX ix_ledger_principal_seq ON ledger (principal, seq);
CREATE INDEX ix_ledger_event ON ledger (event);
CREATE INDEX ix_steps_fingerprint_ended ON steps (fingerprint, ended);
COMMIT;
