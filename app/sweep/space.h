// The design space of a sweep: its points, what each sets, which of them are allowed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/locate.h"
#include "app/sweep/sweep_file.h"

namespace heddle::sweep {

/// Not to be used by two threads at a time.
class Space {
 public:
  /// `library`: for the files whose keys expressions name. Throws InputError for names that are nowhere, and
  /// for keys that the files do not have.
  Space(const SweepFile& file, const app::ConfigLibrary& library);

  const std::vector<Axis>& axes() const { return file_.axes; }
  /// Points, allowed or not.
  std::uint64_t size() const { return size_; }
  /// The point at a position from 0 to size() - 1: the last axis varies fastest.
  Point at(std::uint64_t position) const;
  std::uint64_t position(const Point& point) const;
  std::size_t genes() const;
  Point decode(const std::vector<double>& genome) const;

  /// Whether every condition of `where` holds. Throws InputError for one that cannot be worked out.
  bool allowed(const Point& point) const;
  /// What the point's run is told: base, axes, computed keys.
  std::vector<yaml::Edit> settings(const Point& point) const;
  /// Derived values, in the order of the file.
  std::vector<double> derived(const Point& point) const;
  /// The value of a name at a point: an axis, a derived value, or a key of its run and files.
  std::optional<Scalar> value(const Point& point, const std::string& name) const;
  /// Points that have equal values there run the same work, and are compared with each other.
  std::string workload(const Point& point) const;

 private:
  /// Derived values see those before them.
  std::optional<Scalar> value(const Point& point, const std::string& name, std::size_t derived) const;
  double derived(const Point& point, std::size_t index) const;
  const yaml::Document& document(app::ConfigKind kind, const std::string& name) const;
  std::optional<Scalar> key_value(const std::vector<yaml::Edit>& settings, const std::string& key) const;
  std::vector<yaml::Edit> chosen(const Point& point) const;
  void check() const;

  const SweepFile& file_;
  const app::ConfigLibrary& library_;
  std::uint64_t size_ = 1;
  std::vector<std::pair<std::string, Expression>> computed_, derived_;
  std::vector<Expression> where_;
  mutable std::map<std::string, yaml::Document> documents_;  ///< by path
};

/// The points of a sample, ascending by position; fewer than asked for when the space has no more that are
/// allowed (or, with a Latin hypercube, when its strata miss them).
std::vector<Point> sampled(const Space& space, const Sample& sample);

}  // namespace heddle::sweep
