#include "app/sweep/store.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "support/error.h"

namespace heddle::sweep {
namespace {

constexpr const char* kSchema = "1";

constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS sweep (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS columns (position INTEGER PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL,
                                    unit TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS points (key TEXT PRIMARY KEY, fidelity TEXT NOT NULL, state TEXT NOT NULL,
                                   message TEXT NOT NULL, settings TEXT NOT NULL, results TEXT, machine TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS layers (key TEXT NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, op TEXT NOT NULL,
                                   macs INTEGER, effective_macs INTEGER, cycles INTEGER, compute_cycles INTEGER,
                                   stalls TEXT, energy_pj TEXT, bytes TEXT, bound_by TEXT,
                                   PRIMARY KEY (key, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS members (position INTEGER PRIMARY KEY, key TEXT NOT NULL, workload TEXT NOT NULL,
                                    origin TEXT NOT NULL, "values" TEXT NOT NULL,
                                    objectives TEXT NOT NULL, front INTEGER, within_budget INTEGER);
CREATE TABLE IF NOT EXISTS search (workload TEXT NOT NULL, method TEXT NOT NULL, evaluations INTEGER NOT NULL,
                                   hypervolume REAL NOT NULL, PRIMARY KEY (workload, method, evaluations)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refined (key TEXT PRIMARY KEY, simulated TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (started TEXT NOT NULL, seconds REAL NOT NULL, workers INTEGER NOT NULL,
                                     computed INTEGER NOT NULL, reused INTEGER NOT NULL, failed INTEGER NOT NULL,
                                     layers INTEGER NOT NULL, cached INTEGER NOT NULL);
)";

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// A column's JSON; null where there is none.
Json json_of(const SQLite::Column& column) {
  return column.isNull() ? Json() : Json::parse(column.getString());
}

std::string quoted(const std::string& name, char quote) {
  std::string result(1, quote);
  for (const char c : name) result += c == quote ? std::string(2, quote) : std::string(1, c);
  return result + quote;
}

void bind(SQLite::Statement& statement, int index, const std::optional<bool>& value) {
  if (value) {
    statement.bind(index, *value ? 1 : 0);
  } else {
    statement.bind(index);
  }
}

std::optional<bool> flag(const SQLite::Column& column) {
  return column.isNull() ? std::nullopt : std::optional(column.getInt() != 0);
}

/// Runs `body`, and says of which file it is that something was wrong with it.
template <class Body>
auto about(const std::string& file, Body&& body) {
  try {
    return body();
  } catch (const SQLite::Exception& error) {
    throw InputError(
        file, fmt::format("{}; expected the database of a sweep, and room to write it", error.getErrorStr()));
  } catch (const Json::exception& error) {
    throw InputError(file, fmt::format("is damaged: {}", error.what()));
  }
}

}  // namespace

Json json_of(const Scalar& scalar) {
  if (const auto* text = std::get_if<std::string>(&scalar)) return *text;
  const double number = std::get<double>(scalar);
  constexpr double kExact = 9007199254740992.0;
  if (number == std::floor(number) && std::abs(number) < kExact) return static_cast<std::int64_t>(number);
  return number;
}

Store::Store(const std::filesystem::path& file, int flags)
    : file_(file.string()), database_(file.string(), flags, 10'000) {}

Store Store::open(const std::filesystem::path& file) {
  return about(file.string(), [&] {
    Store store(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    store.database_.exec("PRAGMA journal_mode = WAL");
    store.database_.exec("PRAGMA synchronous = FULL");
    store.database_.exec(kTables);
    store.database_.exec(fmt::format("INSERT OR IGNORE INTO sweep VALUES ('schema', '{}')", kSchema));
    if (store.text("schema") != kSchema)
      throw InputError(file.string(),
                       "was made by another version of heddle; expected another --output folder");
    return store;
  });
}

Store Store::read(const std::filesystem::path& file) {
  return about(file.string(), [&] {
    Store store(file, SQLite::OPEN_READONLY);
    if (!store.database_.tableExists("sweep") || store.text("schema") != kSchema)
      throw InputError(file.string(), "is no database of a sweep of this version");
    return store;
  });
}

std::optional<StoredPoint> Store::point(const std::string& key) {
  return about(file_, [&]() -> std::optional<StoredPoint> {
    SQLite::Statement query(
        database_, "SELECT fidelity, state, message, settings, results, machine FROM points WHERE key = ?");
    query.bind(1, key);
    if (!query.executeStep()) return std::nullopt;
    return StoredPoint{key,
                       query.getColumn(0).getString(),
                       query.getColumn(1).getString(),
                       query.getColumn(2).getString(),
                       json_of(query.getColumn(3)),
                       json_of(query.getColumn(4)),
                       json_of(query.getColumn(5)),
                       Json::array()};
  });
}

Json Store::layers(const std::string& key) {
  return about(file_, [&] {
    Json list = Json::array();
    SQLite::Statement layers(
        database_,
        "SELECT name, op, macs, effective_macs, cycles, compute_cycles, stalls, energy_pj, bytes, "
        "bound_by FROM layers WHERE key = ? ORDER BY position");
    layers.bind(1, key);
    while (layers.executeStep()) {
      list.push_back({{"name", layers.getColumn(0).getString()},
                      {"op", layers.getColumn(1).getString()},
                      {"macs", layers.getColumn(2).getInt64()},
                      {"effective_macs", layers.getColumn(3).getInt64()},
                      {"cycles", layers.getColumn(4).getInt64()},
                      {"compute_cycles", layers.getColumn(5).getInt64()},
                      {"stalls", json_of(layers.getColumn(6))},
                      {"energy_pj", json_of(layers.getColumn(7))},
                      {"bytes", json_of(layers.getColumn(8))},
                      {"bound_by", layers.getColumn(9).getString()}});
    }
    return list;
  });
}

void Store::put(const std::vector<StoredPoint>& points) {
  about(file_, [&] {
    SQLite::Transaction transaction(database_);
    SQLite::Statement point(database_, "INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?, ?, ?)");
    SQLite::Statement layer(database_,
                            "INSERT OR REPLACE INTO layers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const StoredPoint& each : points) {
      point.bind(1, each.key);
      point.bind(2, each.fidelity);
      point.bind(3, each.state);
      point.bind(4, each.message);
      point.bind(5, dumped(each.settings));
      if (!each.results.is_null()) point.bind(6, dumped(each.results));
      if (!each.machine.is_null()) point.bind(7, dumped(each.machine));
      point.exec();
      point.reset();
      point.clearBindings();
      int position = 0;
      for (const Json& l : each.layers) {
        layer.bind(1, each.key);
        layer.bind(2, position++);
        layer.bind(3, l.at("name").get<std::string>());
        layer.bind(4, l.at("op").get<std::string>());
        layer.bind(5, l.at("macs").get<std::int64_t>());
        layer.bind(6, l.at("effective_macs").get<std::int64_t>());
        layer.bind(7, l.at("cycles").get<std::int64_t>());
        layer.bind(8, l.at("compute_cycles").get<std::int64_t>());
        layer.bind(9, dumped(l.at("stalls")));
        layer.bind(10, dumped(l.at("energy_pj")));
        layer.bind(11, dumped(l.at("bytes")));
        layer.bind(12, l.at("bound_by").get<std::string>());
        layer.exec();
        layer.reset();
      }
    }
    transaction.commit();
  });
}

template <class Row, class Bind>
void Store::replace(const std::string& table, int columns, const std::vector<Row>& rows,
                    const Bind& bind_row) {
  about(file_, [&] {
    SQLite::Transaction transaction(database_);
    database_.exec("DELETE FROM " + table);
    std::string places = "?";
    for (int i = 1; i < columns; ++i) places += ", ?";
    SQLite::Statement insert(database_, fmt::format("INSERT OR REPLACE INTO {} VALUES ({})", table, places));
    for (const Row& row : rows) {
      bind_row(insert, row);
      insert.exec();
      insert.reset();
    }
    transaction.commit();
  });
}

void Store::describe(const std::vector<std::pair<std::string, std::string>>& texts) {
  about(file_, [&] {
    SQLite::Transaction transaction(database_);
    for (const auto& [name, value] : texts) {
      SQLite::Statement insert(database_, "INSERT OR REPLACE INTO sweep VALUES (?, ?)");
      insert.bind(1, name);
      insert.bind(2, value);
      insert.exec();
    }
    transaction.commit();
  });
}

std::string Store::text(const std::string& name) {
  return about(file_, [&]() -> std::string {
    SQLite::Statement query(database_, "SELECT value FROM sweep WHERE name = ?");
    query.bind(1, name);
    return query.executeStep() ? query.getColumn(0).getString() : "";
  });
}

void Store::set_columns(const std::vector<Column>& columns) {
  std::int64_t position = 0;
  replace("columns", 5, columns, [&](SQLite::Statement& insert, const Column& column) {
    insert.bind(1, position++);
    insert.bind(2, column.name);
    insert.bind(3, column.role);
    insert.bind(4, column.unit);
    insert.bind(5, dumped(column.detail));
  });
}

void Store::set_members(const std::vector<Member>& members) {
  std::int64_t position = 0;
  replace("members", 8, members, [&](SQLite::Statement& insert, const Member& member) {
    insert.bind(1, position++);
    insert.bind(2, member.key);
    insert.bind(3, member.workload);
    insert.bind(4, member.origin);
    insert.bind(5, dumped(member.values));
    insert.bind(6, dumped(member.objectives));
    bind(insert, 7, member.front);
    bind(insert, 8, member.within_budget);
  });
}

void Store::set_volumes(const std::vector<Volume>& volumes) {
  replace("search", 4, volumes, [](SQLite::Statement& insert, const Volume& volume) {
    insert.bind(1, volume.workload);
    insert.bind(2, volume.method);
    insert.bind(3, volume.evaluations);
    insert.bind(4, volume.hypervolume);
  });
}

void Store::set_refined(const std::vector<Refined>& refined) {
  replace("refined", 2, refined, [](SQLite::Statement& insert, const Refined& each) {
    insert.bind(1, each.key);
    insert.bind(2, each.simulated);
  });
}

void Store::add(const Session& session) {
  about(file_, [&] {
    SQLite::Statement insert(database_, "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    insert.bind(1, session.started);
    insert.bind(2, session.seconds);
    insert.bind(3, session.workers);
    insert.bind(4, session.computed);
    insert.bind(5, session.reused);
    insert.bind(6, session.failed);
    insert.bind(7, session.layers);
    insert.bind(8, session.cached);
    insert.exec();
  });
}

void Store::make_view() {
  about(file_, [&] {
    std::set<std::string> results;
    SQLite::Statement names(
        database_,
        "SELECT DISTINCT j.key FROM members JOIN points USING (key), json_each(points.results) AS j");
    while (names.executeStep()) results.insert(names.getColumn(0).getString());
    std::string columns = "position, key, workload, origin, state, fidelity, front, within_budget, message";
    std::set<std::string> taken = {"position", "key",   "workload",      "origin", "state",
                                   "fidelity", "front", "within_budget", "message"};
    const auto add = [&](const std::string& name, const char* json) {
      if (!taken.insert(name).second) return;
      columns += fmt::format(", json_extract({}, {}) AS {}", json, quoted("$." + quoted(name, '"'), '\''),
                             quoted(name, '"'));
    };
    for (const Column& column : this->columns()) {
      if (column.role == "axis" || column.role == "derived") add(column.name, "\"values\"");
    }
    for (const std::string& name : results) add(name, "results");
    SQLite::Transaction transaction(database_);
    database_.exec("DROP VIEW IF EXISTS results");
    database_.exec(
        fmt::format("CREATE VIEW results AS SELECT {} FROM members JOIN points USING (key)", columns));
    transaction.commit();
  });
}

std::vector<Column> Store::columns() {
  return about(file_, [&] {
    std::vector<Column> columns;
    SQLite::Statement query(database_, "SELECT name, role, unit, detail FROM columns ORDER BY position");
    while (query.executeStep())
      columns.push_back({query.getColumn(0).getString(), query.getColumn(1).getString(),
                         query.getColumn(2).getString(), json_of(query.getColumn(3))});
    return columns;
  });
}

std::vector<Member> Store::members() {
  return about(file_, [&] {
    std::vector<Member> members;
    SQLite::Statement query(database_,
                            "SELECT key, workload, origin, \"values\", objectives, front, within_budget FROM "
                            "members ORDER BY position");
    while (query.executeStep())
      members.push_back({query.getColumn(0).getString(), query.getColumn(1).getString(),
                         query.getColumn(2).getString(), json_of(query.getColumn(3)),
                         json_of(query.getColumn(4)), flag(query.getColumn(5)), flag(query.getColumn(6))});
    return members;
  });
}

std::vector<Volume> Store::volumes() {
  return about(file_, [&] {
    std::vector<Volume> volumes;
    SQLite::Statement query(database_,
                            "SELECT workload, method, evaluations, hypervolume FROM search ORDER BY "
                            "workload, method, evaluations");
    while (query.executeStep())
      volumes.push_back({query.getColumn(0).getString(), query.getColumn(1).getString(),
                         query.getColumn(2).getInt64(), query.getColumn(3).getDouble()});
    return volumes;
  });
}

std::vector<Refined> Store::refined() {
  return about(file_, [&] {
    std::vector<Refined> refined;
    SQLite::Statement query(database_, "SELECT key, simulated FROM refined ORDER BY key");
    while (query.executeStep())
      refined.push_back({query.getColumn(0).getString(), query.getColumn(1).getString()});
    return refined;
  });
}

std::vector<Session> Store::sessions() {
  return about(file_, [&] {
    std::vector<Session> sessions;
    SQLite::Statement query(database_, "SELECT * FROM sessions ORDER BY started");
    while (query.executeStep())
      sessions.push_back({query.getColumn(0).getString(), query.getColumn(1).getDouble(),
                          query.getColumn(2).getInt64(), query.getColumn(3).getInt64(),
                          query.getColumn(4).getInt64(), query.getColumn(5).getInt64(),
                          query.getColumn(6).getInt64(), query.getColumn(7).getInt64()});
    return sessions;
  });
}

}  // namespace heddle::sweep
