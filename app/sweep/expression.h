// Arithmetic over the names of a sweep: "rows * columns <= 1024 and network == \"resnet50\"". docs/sweeps.md.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace heddle::sweep {

/// A number (sizes in bytes, frequencies in hertz) or a text.
using Scalar = std::variant<double, std::string>;

/// "16", "64 KiB" and "800 MHz" as numbers, everything else as the text.
Scalar scalar_of(const std::string& text);
/// As short as it can be read back: "16", "0.25", "resnet50".
std::string text_of(const Scalar& scalar);

/// Parsed once, evaluated often; not by two threads at a time.
class Expression {
 public:
  /// Throws std::invalid_argument that says what is wrong, and where in the text.
  explicit Expression(const std::string& text);
  ~Expression();
  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;

  const std::string& text() const { return text_; }
  /// What must have a value.
  const std::vector<std::string>& names() const { return names_; }

  /// Gives the value of a name; nothing: there is none.
  using Lookup = std::function<std::optional<Scalar>(const std::string& name)>;
  /// Throw std::invalid_argument for a name without a value, and for a value of the wrong type.
  Scalar evaluate(const Lookup& lookup) const;
  double number(const Lookup& lookup) const;
  bool truth(const Lookup& lookup) const;

 private:
  struct Parser;
  std::string text_;
  std::vector<std::string> names_;
  std::unique_ptr<Parser> parser_;
};

}  // namespace heddle::sweep
