INSERT INTO identity_profiles (user, record) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET record = ?2
