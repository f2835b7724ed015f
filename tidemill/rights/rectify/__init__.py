"""A row that says something wrong of a person is corrected (Art. 16 GDPR): `tidemill.data.ingest.rectify` in a process of its own, for the
server, which may be asked, loads no tables."""
