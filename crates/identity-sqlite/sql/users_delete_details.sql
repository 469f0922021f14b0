DELETE FROM identity_profiles WHERE user = ?1
