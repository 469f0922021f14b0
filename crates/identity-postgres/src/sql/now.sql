coalesce($1::int8, (extract(epoch FROM statement_timestamp()) * 1000000)::int8)
