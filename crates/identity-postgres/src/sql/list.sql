WITH k AS (SELECT row_number() OVER (ORDER BY x.at {way}, x.id {way}) AS n, x.id FROM (
    {ids}
    ORDER BY 1 {way}, 2 {way}, 3 {way} LIMIT $2) x)
{users}
