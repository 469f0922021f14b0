SELECT value FROM identity_meta WHERE name = 'feed'
