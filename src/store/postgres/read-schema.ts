import { APP_ROLE } from '../migrations/0002-walls.ts'
import type { RunStatement } from '../schema/orphans.ts'
import type { SchemaPart } from '../schema/compare-schemas.ts'

const OURS = `relation.relnamespace = current_schema()::regnamespace and relation.relkind in ('r', 'p')`

/** `COLUMNS` selects the columns with their type, collation and default. */
const COLUMNS = `select 'column' as kind, relation.relname as "table", attribute.attname as name,
    format_type(attribute.atttypid, attribute.atttypmod)
      || case when attribute.attcollation <> type.typcollation then ' collate ' || quote_ident(rule.collname) else '' end
      || case when attribute.attnotnull then ' not null' else '' end
      || coalesce(' default ' || pg_get_expr(value.adbin, value.adrelid), '') as definition
  from pg_attribute attribute join pg_class relation on relation.oid = attribute.attrelid
    join pg_type type on type.oid = attribute.atttypid
    left join pg_collation rule on rule.oid = attribute.attcollation
    left join pg_attrdef value on value.adrelid = attribute.attrelid and value.adnum = attribute.attnum
  where ${OURS} and attribute.attnum > 0 and not attribute.attisdropped`

/** `CONSTRAINTS` leaves out "not null", because `COLUMNS` already includes it; from PostgreSQL 18 on, "not null" is a constraint too. */
const CONSTRAINTS = `select 'constraint' as kind, relation.relname as "table", rule.conname as name,
    'alter table ' || quote_ident(relation.relname) || ' add constraint ' || quote_ident(rule.conname) || ' '
      || pg_get_constraintdef(rule.oid)
      || case when exists (select 1 from pg_trigger where tgconstraint = rule.oid and tgenabled = 'D')
           then ' (which is disabled)' else '' end as definition
  from pg_constraint rule join pg_class relation on relation.oid = rule.conrelid
  where ${OURS} and rule.contype <> 'n'`

const INDEXES = `select 'index' as kind, relation.relname as "table", index.relname as name,
    pg_get_indexdef(index.oid) || case when entry.indisvalid then '' else ' (which is invalid)' end as definition
  from pg_index entry join pg_class index on index.oid = entry.indexrelid
    join pg_class relation on relation.oid = entry.indrelid
  where ${OURS} and not exists (select 1 from pg_constraint where conindid = entry.indexrelid and contype <> 'f')`

const TRIGGERS = `select 'trigger' as kind, relation.relname as "table", trigger.tgname as name,
    pg_get_triggerdef(trigger.oid) || case trigger.tgenabled when 'O' then '' else ' (which is disabled)' end as definition
  from pg_trigger trigger join pg_class relation on relation.oid = trigger.tgrelid
  where ${OURS} and not trigger.tgisinternal`

const FUNCTIONS = `select 'function' as kind, '' as "table", proname as name, pg_get_functiondef(oid) as definition
  from pg_proc where pronamespace = current_schema()::regnamespace and prorettype = 'trigger'::regtype`

const WALLS = `select 'row-level security' as kind, relation.relname as "table", '' as name,
    'alter table ' || quote_ident(relation.relname)
      || case when relation.relrowsecurity then ' enable' else ' disable' end || ' row level security; alter table '
      || quote_ident(relation.relname)
      || case when relation.relforcerowsecurity then ' force' else ' no force' end || ' row level security' as definition
  from pg_class relation where ${OURS}`

const POLICIES = `select 'policy' as kind, relation.relname as "table", policy.polname as name,
    'create policy ' || quote_ident(policy.polname) || ' on ' || quote_ident(relation.relname)
      || case when policy.polpermissive then '' else ' as restrictive' end
      || case policy.polcmd when 'r' then ' for select' when 'a' then ' for insert' when 'w' then ' for update'
           when 'd' then ' for delete' else '' end
      || ' to ' || (select string_agg(case when role = 0 then 'public' else quote_ident(pg_get_userbyid(role)) end, ', ')
           from unnest(policy.polroles) as role)
      || coalesce(' using (' || pg_get_expr(policy.polqual, policy.polrelid) || ')', '')
      || coalesce(' with check (' || pg_get_expr(policy.polwithcheck, policy.polrelid) || ')', '') as definition
  from pg_policy policy join pg_class relation on relation.oid = policy.polrelid where ${OURS}`

const KINDS = ['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']

/** `RIGHTS` selects the rights of the role that serves requests, whichever grant gives them. */
const RIGHTS = `select 'rights' as kind, relation.relname as "table", '${APP_ROLE}' as name,
    'grant ' || concat_ws(', ', ${KINDS.map(
      (kind) => `case when has_table_privilege('${APP_ROLE}', relation.oid, '${kind}') then '${kind}' end`,
    ).join(', ')},
      (select 'update (' || string_agg(quote_ident(attname), ', ' order by attnum) || ')' from pg_attribute
        where attrelid = relation.oid and attnum > 0 and not attisdropped
          and not has_table_privilege('${APP_ROLE}', relation.oid, 'update')
          and has_column_privilege('${APP_ROLE}', relation.oid, attnum, 'update')))
      || ' on ' || quote_ident(relation.relname) || ' to ${APP_ROLE}' as definition
  from pg_class relation where ${OURS}
    and has_any_column_privilege('${APP_ROLE}', relation.oid, 'select, insert, update')`

const TABLES = `select 'table' as kind, relation.relname as "table", relation.relname as name, '' as definition
  from pg_class relation where ${OURS}`

const ALL = [TABLES, COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, FUNCTIONS, WALLS, POLICIES, RIGHTS]

/** Reads the parts of the current schema of a PostgreSQL database in order, as statements without the name of the schema. */
export async function readPostgresSchema(ask: RunStatement): Promise<SchemaPart[]> {
  const [schema] = await ask('select quote_ident(current_schema()) as name')
  const prefix = String(schema?.name).replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')
  const qualified = new RegExp(`(?<![\\w".])${prefix}\\.`, 'g')
  const parts: SchemaPart[] = []
  for (const statement of ALL)
    for (const { kind, table, name, definition } of await ask(statement))
      parts.push({
        kind: kind as SchemaPart['kind'],
        table: String(table),
        name: String(name),
        definition: String(definition).replace(qualified, ''),
      })
  const keys = new Map(parts.map((part) => [part, `${part.kind} ${part.table} ${part.name}`]))
  return parts.sort((a, b) => ((keys.get(a) ?? '') < (keys.get(b) ?? '') ? -1 : 1))
}
