// The database of a sweep: DIR/sweep.db, SQLite. docs/sweeps.md has its tables. What put() has returned from
// is on the disk, whatever happens to the process or the machine then.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/sweep/expression.h"

namespace heddle::sweep {

using Json = nlohmann::json;

/// A number, whole where it is, or a text.
Json json_of(const Scalar& scalar);

/// A point as it is stored.
struct StoredPoint {
  std::string key;
  std::string fidelity;
  std::string state;  ///< "done"; "failed": it always will; "lost": whoever worked on it died
  std::string message;
  Json settings = Json::array();  ///< [[key, value], ...]
  Json results, machine;
  Json layers = Json::array();
};

/// A point of the sweep file as it is now.
struct Member {
  std::string key;
  std::string workload;
  std::string origin;                ///< "sample", "nsga2" or "random"
  Json values;                       ///< of axes and derived names
  Json objectives = Json::object();  ///< of points that are done, by name
  std::optional<bool> front;
  std::optional<bool> within_budget;
};

struct Column {
  std::string name;
  std::string role;  ///< "axis", "derived", "objective", "budget"
  std::string unit;
  Json detail;  ///< axis: keys and values; objective: goal
};

struct Volume {
  std::string workload, method;
  std::int64_t evaluations = 0;
  double hypervolume = 0;
};

struct Refined {
  std::string key, simulated;  ///< keys of the analyzed point and of the simulated one
};

struct Session {
  std::string started;  ///< UTC, ISO 8601
  double seconds = 0;
  std::int64_t workers = 0, computed = 0, reused = 0, failed = 0;
  std::int64_t layers = 0, cached = 0;  ///< mapped, and of them found in the cache
};

class Store {
 public:
  /// Makes the database where there is none. Throws InputError when it is none, damaged, or of another
  /// version.
  static Store open(const std::filesystem::path& file);
  /// For reading; it must be there.
  static Store read(const std::filesystem::path& file);

  /// Without its layers.
  std::optional<StoredPoint> point(const std::string& key);
  Json layers(const std::string& key);
  /// All in one transaction.
  void put(const std::vector<StoredPoint>& points);

  /// Texts by name: "name", "file", "command", "heddle".
  void describe(const std::vector<std::pair<std::string, std::string>>& texts);
  std::string text(const std::string& name);
  /// Replaces what an earlier version of the sweep file had.
  void set_columns(const std::vector<Column>& columns);
  void set_members(const std::vector<Member>& members);
  void set_volumes(const std::vector<Volume>& volumes);
  void set_refined(const std::vector<Refined>& refined);
  void add(const Session& session);
  /// The view `results`: a column for each axis, derived value and result.
  void make_view();

  std::vector<Column> columns();
  std::vector<Member> members();
  std::vector<Volume> volumes();
  std::vector<Refined> refined();
  std::vector<Session> sessions();

 private:
  Store(const std::filesystem::path& file, int flags);
  /// `bind_row` binds the columns of a row, from 1.
  template <class Row, class Bind>
  void replace(const std::string& table, int columns, const std::vector<Row>& rows, const Bind& bind_row);

  std::string file_;
  SQLite::Database database_;
};

}  // namespace heddle::sweep
