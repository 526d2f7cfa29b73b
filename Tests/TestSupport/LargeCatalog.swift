/// SQL for tables, `wide_1` and so on, that make the catalog so large that a second connection helps to
/// read it.
package let wideTables = """
    DO $$ BEGIN
        FOR i IN 1..20 LOOP
            EXECUTE format('CREATE TABLE wide_%s (%s)', i,
                (SELECT string_agg(format('c%s int', n), ', ') FROM generate_series(1, 1500) AS n));
        END LOOP;
    END $$;
    """
