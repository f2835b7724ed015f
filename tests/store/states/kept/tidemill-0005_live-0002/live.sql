BEGIN TRANSACTION;
CREATE TABLE batch_parts (
	name TEXT NOT NULL, 
	batch TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	endpoint TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	rows INTEGER NOT NULL, 
	answered INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	log TEXT NOT NULL, 
	out TEXT NOT NULL, 
	run TEXT NOT NULL, 
	CONSTRAINT pk_batch_parts PRIMARY KEY (name)
)
 STRICT

;
INSERT INTO "batch_parts" VALUES('bbbbbbbbbbbbbbbb0002','bbbbbbbbbbbbbbbb',2,'shop','',100,10,8,'[{"model":"model:shop@1","release":"release_1","arm":"champion","propensity":1.0,"n":8}]','sha256:l','sha256:o','run_1');
CREATE TABLE "deferred" (
	id TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	subject TEXT NOT NULL, 
	body BLOB NOT NULL, 
	asker TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	expires INTEGER NOT NULL, 
	status TEXT NOT NULL, 
	due INTEGER NOT NULL, 
	owner TEXT NOT NULL, 
	tries INTEGER NOT NULL, 
	problem BLOB NOT NULL, 
	callback TEXT NOT NULL, 
	told TEXT NOT NULL, 
	settled INTEGER NOT NULL, 
	CONSTRAINT pk_deferred PRIMARY KEY (id)
)
 STRICT

;
CREATE TABLE entity_inputs (
	model TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	inputs BLOB NOT NULL, 
	CONSTRAINT pk_entity_inputs PRIMARY KEY (model, subject)
)
 STRICT

;
INSERT INTO "entity_inputs" VALUES('churn','12345',100,X'7B226D6F6E7468223A322E307D');
CREATE TABLE gone (
	seq INTEGER NOT NULL, 
	mark TEXT NOT NULL, 
	dataset TEXT NOT NULL, 
	CONSTRAINT pk_gone PRIMARY KEY (seq)
)
 STRICT

;
CREATE TABLE history (
	seq INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	subject INTEGER NOT NULL, 
	item INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	value REAL NOT NULL, 
	source INTEGER NOT NULL, 
	"row" INTEGER, 
	CONSTRAINT pk_history PRIMARY KEY (seq)
)
 STRICT

;
INSERT INTO "history" VALUES(1,'o1',1,1,110,-2.5,1,7);
CREATE TABLE item_rows (
	seq INTEGER NOT NULL, 
	dataset TEXT NOT NULL, 
	item TEXT NOT NULL, 
	store TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	known TEXT NOT NULL, 
	moments TEXT NOT NULL, 
	gone INTEGER NOT NULL, 
	received INTEGER NOT NULL, 
	principal TEXT NOT NULL, 
	file TEXT, 
	"row" INTEGER, 
	ingest TEXT, 
	until INTEGER, 
	CONSTRAINT pk_item_rows PRIMARY KEY (seq)
)
 STRICT

;
INSERT INTO "item_rows" VALUES(2,'sales','85123A','north',110,'{"stock":3,"name":"LANTERN"}','{}',0,130,'principal 1','sha256:x',7,'ingest_1',3);
INSERT INTO "item_rows" VALUES(3,'sales','85123A','north',120,'{"stock":0,"name":"LANTERN"}','{"name":110}',0,130,'principal 1','sha256:x',7,'ingest_1',NULL);
CREATE TABLE items (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	dataset TEXT NOT NULL, 
	CONSTRAINT pk_items PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "items" VALUES(1,'85123A','sales');
CREATE TABLE live_fences (
	name TEXT NOT NULL, 
	term INTEGER NOT NULL, 
	CONSTRAINT pk_live_fences PRIMARY KEY (name)
)
 STRICT

;
CREATE TABLE live_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY, tidemill VARCHAR(64) NOT NULL);
INSERT INTO "live_version" VALUES('0002','0.1.0');
CREATE TABLE outcomes (
	"key" TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	subject TEXT NOT NULL, 
	item TEXT NOT NULL, 
	value REAL NOT NULL, 
	prediction TEXT, 
	received INTEGER NOT NULL, 
	joined TEXT, 
	how TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	quarantined INTEGER NOT NULL, 
	joined_at INTEGER NOT NULL, 
	CONSTRAINT pk_outcomes PRIMARY KEY ("key", endpoint, environment)
)
 STRICT

;
INSERT INTO "outcomes" VALUES('o1',110,'12345','85123A',-2.5,'pred_1',120,NULL,'','shop','',1,0);
CREATE TABLE predictions (
	id TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	subject TEXT NOT NULL, 
	model TEXT NOT NULL, 
	release TEXT NOT NULL, 
	arm TEXT NOT NULL, 
	output BLOB NOT NULL, 
	inputs BLOB NOT NULL, 
	watermark INTEGER NOT NULL, 
	latency_us INTEGER NOT NULL, 
	cold INTEGER NOT NULL, 
	"key" TEXT, 
	environment TEXT NOT NULL, 
	explained BLOB NOT NULL, 
	propensity REAL DEFAULT '1.0' NOT NULL, 
	CONSTRAINT pk_predictions PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "predictions" VALUES('pred_1','shop',100,'12345','model:shop@1','release_1','canary',X'7B226974656D73223A5B2261225D7D',X'00FF',4,3,1,'536365','',X'7B226D6574686F64223A226E6F6E65222C22776879223A22612073616D706C65222C22616E7377657273223A5B5D7D',-2.5);
CREATE TABLE sources (
	id INTEGER NOT NULL, 
	file TEXT NOT NULL, 
	ingest TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	CONSTRAINT pk_sources PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "sources" VALUES(1,'file 1','ingest_1','shop');
CREATE TABLE subjects (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	dataset TEXT NOT NULL, 
	CONSTRAINT pk_subjects PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "subjects" VALUES(1,'12345','sales');
CREATE INDEX ix_predictions_subject_at ON predictions (subject, at);
CREATE INDEX ix_predictions_at_endpoint ON predictions (at, endpoint);
CREATE INDEX ix_batch_parts_at_endpoint ON batch_parts (at, endpoint);
CREATE INDEX ix_batch_parts_batch_number ON batch_parts (batch, number);
CREATE INDEX ix_outcomes_endpoint_received ON outcomes (endpoint, received);
CREATE INDEX ix_outcomes_quarantined ON outcomes (item) WHERE quarantined;
CREATE INDEX ix_outcomes_joined_at ON outcomes (joined_at) WHERE joined IS NOT NULL;
CREATE INDEX ix_outcomes_joined ON outcomes (joined) WHERE joined IS NOT NULL;
CREATE INDEX ix_outcomes_unjoined ON outcomes (endpoint, environment, at, "key") WHERE how = '';
CREATE UNIQUE INDEX ix_subjects_name_dataset ON subjects (name, dataset);
CREATE UNIQUE INDEX ix_items_name_dataset ON items (name, dataset);
CREATE UNIQUE INDEX ix_sources_file_ingest_endpoint ON sources (file, ingest, endpoint);
CREATE INDEX ix_history_subject_item ON history (subject, item);
CREATE INDEX ix_history_told ON history (subject, item) WHERE "row" IS NULL;
CREATE INDEX ix_history_key ON history ("key");
CREATE INDEX ix_item_rows_dataset_item_seq ON item_rows (dataset, item, seq);
CREATE INDEX ix_item_rows_replaced ON item_rows (until) WHERE until IS NOT NULL;
CREATE UNIQUE INDEX uq_item_rows_now ON item_rows (dataset, item, store) WHERE until IS NULL;
CREATE INDEX ix_entity_inputs_subject ON entity_inputs (subject);
CREATE INDEX ix_deferred_due ON "deferred" (due);
CREATE INDEX ix_deferred_subject ON "deferred" (subject);
CREATE VIEW online AS SELECT h.seq AS seq, h.key AS key, s.name AS subject, i.name AS item, h.at AS at,
h.value AS value, nullif(o.file, '') AS file, h.row AS row, nullif(o.ingest, '') AS ingest, s.dataset AS dataset,
o.endpoint AS endpoint FROM history h JOIN subjects s ON s.id = h.subject JOIN items i ON i.id = h.item
JOIN sources o ON o.id = h.source;
COMMIT;
