INSERT INTO identity_events (user, earlier, first, last, events) VALUES (?1, ?2, ?3, ?4, ?5)
