-- Whether the file has at most ?1 bytes and no tables of the host's.
SELECT page_count * page_size <= ?1
  AND NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE tbl_name NOT GLOB 'identity_*')
FROM pragma_page_count, pragma_page_size
