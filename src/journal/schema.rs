//! The database's shape. Migrations are only ever added.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use crate::journal::error::JournalError;

/// `hstp`: tells a ledger of hardstop from any other database.
const APPLICATION: i64 = 0x6873_7470;

/// The shape this build knows: 2 has the view of who changed what, and may be sealed.
const VERSION: i64 = 2;

/// How long a commit waits for a lock: the trading path stands still for as long.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// How long it waits after it has waited in vain once, until a commit succeeds.
pub(super) const IMPATIENCE: Duration = Duration::from_millis(50);

/// One table holds everything. A row whose number is not the next one is refused, which also
/// refuses every `REPLACE`.
const TABLE: &str = "
CREATE TABLE IF NOT EXISTS record (
    row INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS record_keeps BEFORE UPDATE ON record
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: no row is ever changed'); END;
CREATE TRIGGER IF NOT EXISTS record_stays BEFORE DELETE ON record
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: no row is ever deleted'); END;
CREATE TRIGGER IF NOT EXISTS record_grows BEFORE INSERT ON record
    WHEN NEW.row <> (SELECT COALESCE(MAX(row), 0) + 1 FROM record)
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: rows go to its end'); END;
";

/// The views cut the table for eyes and exports. The last state of an order is the one bare column
/// beside `MAX`, which SQLite takes from the same row.
const VIEWS: &str = "
CREATE VIEW IF NOT EXISTS runs AS SELECT row, run, seq, at,
    json_extract(body, '$.mode') AS mode, json_extract(body, '$.seed') AS seed,
    json_extract(body, '$.build') AS build, json_extract(body, '$.limits_version') AS limits_version,
    json_extract(body, '$.source') AS source, json_extract(body, '$.sandbox') AS sandbox,
    json_extract(body, '$.started_at') AS started_at
    FROM record WHERE kind = 'run';
CREATE VIEW IF NOT EXISTS orders AS
    WITH last AS (SELECT json_extract(body, '$.order') AS id, json_extract(body, '$.status') AS status,
        json_extract(body, '$.filled') AS filled, json_extract(body, '$.reason') AS reason, MAX(row)
        FROM record WHERE kind = 'status' GROUP BY 1)
    SELECT row, run, seq, at,
    json_extract(body, '$.request.id') AS order_id, json_extract(body, '$.request.symbol') AS symbol,
    json_extract(body, '$.request.side') AS side, json_extract(body, '$.request.qty') AS qty,
    json_extract(body, '$.request.kind.type') AS type, json_extract(body, '$.request.kind.limit') AS limit_price,
    json_extract(body, '$.request.kind.stop') AS stop_price, json_extract(body, '$.request.tif') AS tif,
    json_extract(body, '$.role') AS role, json_extract(body, '$.origin') AS origin,
    json_extract(body, '$.parent') AS parent, COALESCE(last.status, 'intent') AS status,
    COALESCE(last.filled, '0') AS filled, last.reason AS reason
    FROM record LEFT JOIN last ON last.id = json_extract(record.body, '$.request.id') WHERE kind = 'order';
CREATE VIEW IF NOT EXISTS fills AS SELECT row, run, seq, at,
    json_extract(body, '$.fill.execution') AS execution, json_extract(body, '$.fill.order') AS order_id,
    json_extract(body, '$.fill.symbol') AS symbol, json_extract(body, '$.fill.side') AS side,
    json_extract(body, '$.fill.qty') AS qty, json_extract(body, '$.fill.price') AS price,
    json_extract(body, '$.fill.fee') AS fee, json_extract(body, '$.fill.at') AS filled_at,
    json_extract(body, '$.position') AS position, json_extract(body, '$.avg_price') AS avg_price,
    json_extract(body, '$.cash') AS cash
    FROM record WHERE kind = 'fill';
CREATE VIEW IF NOT EXISTS decisions AS SELECT row, run, seq, at,
    json_extract(body, '$.decision.decision') AS decision, json_extract(body, '$.refusal') AS refusal,
    json_extract(body, '$.order') AS order_id, json_extract(body, '$.intent.origin') AS origin,
    json_extract(body, '$.intent.symbol') AS symbol, json_extract(body, '$.intent.side') AS side,
    json_extract(body, '$.intent.qty') AS qty, json_extract(body, '$.intent.kind.type') AS type,
    json_extract(body, '$.intent.kind.limit') AS limit_price, json_extract(body, '$.intent.kind.stop') AS stop_price,
    json_extract(body, '$.intent.stop_loss') AS stop_loss, json_extract(body, '$.decision.reducing') AS reducing,
    json_extract(body, '$.decision.exposure') AS exposure, json_extract(body, '$.decision.heat') AS heat,
    json_extract(body, '$.decision.day_loss') AS day_loss, json_extract(body, '$.decision.max_qty') AS max_qty,
    json_extract(body, '$.limits_version') AS limits_version, json_extract(body, '$.tag') AS tag
    FROM record WHERE kind = 'decision';
CREATE VIEW IF NOT EXISTS refusals AS SELECT * FROM decisions WHERE refusal <> '';
CREATE VIEW IF NOT EXISTS halts AS SELECT row, run, seq, at,
    json_extract(body, '$.state') AS state, json_extract(body, '$.latched.day') AS latched_day,
    json_extract(body, '$.reason') AS reason, json_extract(body, '$.by') AS who
    FROM record WHERE kind = 'halt';
CREATE VIEW IF NOT EXISTS kills AS SELECT row, run, seq, at,
    json_extract(body, '$.tripped_at') AS tripped_at, json_extract(body, '$.by') AS who,
    json_extract(body, '$.flatten') AS flatten, json_extract(body, '$.cancelled') AS cancelled,
    json_extract(body, '$.flattened') AS flattened, json_extract(body, '$.left_orders') AS left_orders,
    json_extract(body, '$.left_positions') AS left_positions, json_extract(body, '$.confirmed') AS confirmed
    FROM record WHERE kind = 'kill';
CREATE VIEW IF NOT EXISTS days AS SELECT row, run, seq, at,
    json_extract(body, '$.day') AS day, json_extract(body, '$.e0') AS e0
    FROM record WHERE kind = 'day';
CREATE VIEW IF NOT EXISTS equity AS SELECT row, run, seq, at,
    json_extract(body, '$.day') AS day, json_extract(body, '$.equity') AS equity,
    json_extract(body, '$.own') AS own, json_extract(body, '$.cash') AS cash,
    json_extract(body, '$.day_loss') AS day_loss, json_extract(body, '$.close') AS at_close
    FROM record WHERE kind = 'equity';
CREATE VIEW IF NOT EXISTS strategy_events AS SELECT row, run, seq, at,
    json_extract(body, '$.id') AS strategy, json_extract(body, '$.what') AS what,
    json_extract(body, '$.detail') AS detail
    FROM record WHERE kind = 'strategy';
CREATE VIEW IF NOT EXISTS reconciles AS SELECT row, run, seq, at,
    json_extract(body, '$.clean') AS clean, json_extract(body, '$.differences') AS differences
    FROM record WHERE kind = 'reconcile';
CREATE VIEW IF NOT EXISTS adjustments AS SELECT row, run, seq, at,
    json_extract(body, '$.number') AS number, json_extract(body, '$.symbol') AS symbol,
    json_extract(body, '$.engine') AS engine, json_extract(body, '$.broker') AS broker,
    json_extract(body, '$.acknowledged') AS acknowledged
    FROM record WHERE kind = 'adjust';
CREATE VIEW IF NOT EXISTS alerts AS SELECT row, run, seq, at, json_extract(body, '$') AS words
    FROM record WHERE kind = 'alert';
";

/// Who changed what, from what to what: the rows that are about rules and rights, and not about orders.
pub(super) const AUDIT: &str = "SELECT row, run, seq, at, kind,
    CASE kind WHEN 'strategy' THEN 'strategy ' || json_extract(body, '$.id')
        WHEN 'adjust' THEN CASE WHEN json_extract(body, '$.acknowledged') IS NULL THEN 'engine' ELSE 'operator' END
        WHEN 'chain' THEN 'engine'
        ELSE COALESCE(json_extract(body, '$.who'), json_extract(body, '$.by')) END AS who,
    CASE kind WHEN 'halt' THEN 'state' WHEN 'kill' THEN 'kill' WHEN 'chain' THEN 'seal'
        WHEN 'adjust' THEN json_extract(body, '$.symbol') ELSE json_extract(body, '$.what') END AS what,
    CASE kind WHEN 'adjust' THEN json_extract(body, '$.engine') WHEN 'chain' THEN 'plain'
        ELSE json_extract(body, '$.before') END AS before,
    CASE kind WHEN 'adjust' THEN json_extract(body, '$.broker')
        WHEN 'chain' THEN json_extract(body, '$.sealed') || ' ' || json_extract(body, '$.key')
        WHEN 'halt' THEN json_extract(body, '$.state')
        WHEN 'restraint' THEN CASE json_extract(body, '$.holds') WHEN 1 THEN 'holds' ELSE 'free' END
        WHEN 'kill' THEN CASE json_extract(body, '$.confirmed') WHEN 1 THEN 'confirmed' ELSE 'not confirmed' END
        ELSE json_extract(body, '$.after') END AS after,
    CASE kind WHEN 'adjust' THEN json_extract(body, '$.acknowledged')
        ELSE COALESCE(json_extract(body, '$.detail'), json_extract(body, '$.reason')) END AS detail
    FROM record WHERE kind IN ('config', 'approval', 'trust', 'halt', 'restraint', 'kill', 'adjust', 'chain')
    OR (kind = 'strategy' AND json_extract(body, '$.what') <> 'log')";

/// How durable a commit is when it returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// On disk: what real orders need.
    Full,
    /// In the system's hands: for runs that can simply be run again.
    Scratch,
}

/// Makes the table where it is missing, and opens it as the journal must be.
pub(super) fn prepare(
    connection: &Connection,
    path: &Path,
    durability: Durability,
) -> Result<(), JournalError> {
    let shown = path.display().to_string();
    let fail = |fault| JournalError::of(&shown, fault);
    connection.busy_timeout(PATIENCE).map_err(fail)?;
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(fail);
    let is_new = number("SELECT COUNT(*) FROM sqlite_schema")? == 0;
    if !is_new && number("PRAGMA application_id")? != APPLICATION {
        return Err(JournalError::Unsafe {
            path: shown,
            what: "is no journal of hardstop",
            remedy: "move it away",
        });
    }
    let version = number("PRAGMA user_version")?;
    if version > VERSION {
        let (what, remedy) = ("was written by a newer hardstop", "use that version, or another file");
        return Err(JournalError::Unsafe { path: shown, what, remedy });
    }
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Scratch => "OFF",
    };
    let open = || -> rusqlite::Result<()> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "trusted_schema", "OFF")?;
        if is_new {
            connection.pragma_update(None, "application_id", APPLICATION)?;
        }
        let made = if is_new { [TABLE, VIEWS].concat() } else { String::new() };
        // What a later version added comes to older ledgers too.
        if version < VERSION {
            connection.execute_batch(&format!(
                "BEGIN;{made}CREATE VIEW IF NOT EXISTS audit AS {AUDIT};PRAGMA user_version = {VERSION};COMMIT;"
            ))?;
        }
        Ok(())
    };
    open().map_err(fail)
}

/// Takes the guards away from a journal that has no name and ends with its process: nobody can reach it, its rows are
/// chained all the same, and a trigger a row takes half of a backtest's time with them.
pub(super) fn unguarded(connection: &Connection) -> rusqlite::Result<()> {
    for (trigger, _) in triggers(connection)? {
        connection.execute_batch(&format!("DROP TRIGGER {trigger}"))?;
    }
    connection.pragma_update(None, "journal_mode", "OFF")
}

/// The first trigger that is not as this build makes it; nothing where all of them are.
pub(super) fn lacks(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let fresh = Connection::open_in_memory()?;
    fresh.execute_batch(TABLE)?;
    let made = triggers(connection)?;
    Ok(triggers(&fresh)?.into_iter().find(|trigger| !made.contains(trigger)).map(|(name, _)| name))
}

fn triggers(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let select = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'record'";
    let mut select = connection.prepare(select)?;
    let found = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    found.collect()
}
