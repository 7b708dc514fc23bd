"""All that a database's catalog says of its tables, in a form that can be compared."""

import re
import sqlite3
from urllib.parse import urlsplit

OURS = "millrace_"

# {database} is the database's name. Every row begins with the names that may be ours.
MYSQL = {
    "tables": """SELECT table_name, table_type, engine, table_collation, create_options, table_comment
        FROM information_schema.tables WHERE table_schema = '{database}'""",
    "columns": """SELECT table_name, ordinal_position, column_name, column_default, is_nullable,
        column_type, character_set_name, collation_name, extra, column_comment, generation_expression
        FROM information_schema.columns WHERE table_schema = '{database}'""",
    "indexes": """SELECT table_name, index_name, seq_in_index, non_unique, column_name, collation,
        sub_part, nullable, index_type, index_comment
        FROM information_schema.statistics WHERE table_schema = '{database}'""",
    "constraints": """SELECT table_name, constraint_name, constraint_type
        FROM information_schema.table_constraints WHERE table_schema = '{database}'""",
    "key columns": """SELECT table_name, constraint_name, ordinal_position, column_name,
        referenced_table_name, referenced_column_name
        FROM information_schema.key_column_usage WHERE table_schema = '{database}'""",
    "foreign keys": """SELECT table_name, constraint_name, unique_constraint_name, match_option,
        update_rule, delete_rule, referenced_table_name
        FROM information_schema.referential_constraints WHERE constraint_schema = '{database}'""",
    "checks": """SELECT table_name, constraint_name, check_clause
        FROM information_schema.check_constraints WHERE constraint_schema = '{database}'""",
    "triggers": """SELECT event_object_table, trigger_name, event_manipulation, action_timing,
        action_order, action_statement, sql_mode, character_set_client, collation_connection,
        database_collation FROM information_schema.triggers WHERE trigger_schema = '{database}'""",
    "routines": """SELECT routine_name, routine_type
        FROM information_schema.routines WHERE routine_schema = '{database}'""",
}

_OF_TABLES = """JOIN pg_class c ON c.oid = {relation}
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'"""
POSTGRESQL = {
    "relations": """SELECT relname, relkind, relpersistence, reloptions, relreplident
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'""",
    "columns": """SELECT relname, row_number() OVER (PARTITION BY attrelid ORDER BY attnum), attname,
        format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid), attidentity,
        attgenerated, attcollation::regcollation, attstorage, attcompression
        FROM pg_attribute a LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        """ + _OF_TABLES.format(relation="attrelid") + """ AND relkind IN ('r', 'p', 'v')
        AND attnum > 0 AND NOT attisdropped""",
    "indexes": """SELECT c.relname, i.relname, pg_get_indexdef(indexrelid), indisunique, indisprimary,
        indisvalid, indimmediate, indisclustered, indisreplident, indnullsnotdistinct
        FROM pg_index JOIN pg_class i ON i.oid = indexrelid
        """ + _OF_TABLES.format(relation="indrelid"),
    "constraints": """SELECT relname, conname, contype, pg_get_constraintdef(o.oid), condeferrable,
        condeferred, convalidated, connoinherit
        FROM pg_constraint o """ + _OF_TABLES.format(relation="conrelid"),
    "triggers": """SELECT relname, tgname, pg_get_triggerdef(t.oid), tgenabled FROM pg_trigger t
        """ + _OF_TABLES.format(relation="tgrelid") + " AND NOT tgisinternal",
    "functions": """SELECT proname, pg_get_functiondef(p.oid) FROM pg_proc p
        JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public'""",
    "sequences": """SELECT s.seqrelid::regclass, format_type(seqtypid, NULL), seqstart, seqincrement,
        seqmax, seqmin, seqcache, seqcycle, deptype, refobjid::regclass, refobjsubid
        FROM pg_sequence s LEFT JOIN pg_depend ON objid = seqrelid AND deptype IN ('a', 'i')
        AND classid = 'pg_class'::regclass""",
    "types": """SELECT typname, typtype FROM pg_type t
        JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = 'public'""",
    "comments": """SELECT obj_description(c.oid, 'pg_class') FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND obj_description(c.oid, 'pg_class') IS NOT NULL""",
}

ROWS = {
    "revision": "SELECT version_num FROM alembic_version",
    "workspaces": """SELECT name, description, default_artifact_root, trace_archival_location,
        trace_archival_retention FROM workspaces""",
    "experiments": """SELECT experiment_id, name, artifact_location, lifecycle_stage, workspace,
        creation_time = last_update_time FROM experiments""",
}


def read_catalog(server, uri):
    """What the catalog of that database says, by subject, and the rows of a fresh one."""
    if server is None:
        return _read_sqlite(urlsplit(uri).path[1:])
    database = urlsplit(uri).path[1:]
    queries = {**(MYSQL if server.kind == "mysql" else POSTGRESQL), **ROWS}
    answers = _ask(server, database, [sql.format(database=database) for sql in queries.values()])
    catalog = {subject: sorted(answer.splitlines()) for subject, answer in zip(queries, answers)}
    if server.kind == "mysql":
        tables = sorted(server.query("SHOW TABLES", database).split())
        answers = _ask(server, database, [f"SHOW CREATE TABLE `{table}`" for table in tables])
        catalog["definitions"] = [
            _with_sorted_lines(re.sub(r"(?m) AUTO_INCREMENT=\d+|,$", "", answer)) for answer in answers]
    return catalog


def _ask(server, database, queries):
    """The answer to each query."""
    mark = "----"
    answers = server.query("".join(f"{sql};\nSELECT '{mark}';\n" for sql in queries), database)
    return answers.split(f"{mark}\n")[:-1]


def without_ours(catalog):
    """The same without what is named millrace_*, and without the types that PostgreSQL makes of it."""
    def kept(row):
        """Of the definition of a table of MLflow's the lines that are not ours."""
        if "\n" in row and not row.startswith(OURS):
            return re.sub(rf"(?m)^.*\b{OURS}.*\n?", "", row)
        return None if re.search(rf"\b_?{OURS}", row) else row

    return {subject: [row for row in map(kept, rows) if row is not None] for subject, rows in catalog.items()}


def ours(catalog):
    """The names that are ours."""
    return {name for rows in catalog.values() for row in rows for name in re.findall(rf"\b{OURS}\w+", row)}


def _with_sorted_lines(definition):
    """MLflow leaves the order of a table's checks, and of the indexes that it has from the first, to chance."""
    for kind in (r"(?:CONSTRAINT \S+ )?CHECK \(.*\)", r"(?:UNIQUE )?KEY `.*\)"):
        line = rf"(?m)^\s*{kind}(?=,?\s*$)"
        lines = iter(sorted(re.findall(line, definition)))
        definition = re.sub(line, lambda _: next(lines), definition)
    return definition


def _read_sqlite(path):
    with sqlite3.connect(path) as database:
        catalog = {"definitions": [
            _with_sorted_lines("|".join(map(str, row))) for row in database.execute(
                "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")]}
        for subject, sql in ROWS.items():
            catalog[subject] = sorted("|".join(map(str, row)) for row in database.execute(sql))
    database.close()
    return catalog
