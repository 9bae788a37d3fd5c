#include "app/sweep/expression.h"

#include <fmt/format.h>
#include <mpParser.h>

#include <charconv>
#include <cmath>
#include <map>

namespace heddle::sweep {
namespace {

/// A function of whole results that muparserx lacks.
class Function : public mup::ICallback {
 public:
  using Body = double (*)(const mup::ptr_val_type* arguments);
  Function(const char* name, int arguments, Body body)
      : ICallback(mup::cmFUNC, name, arguments), body_(body) {}
  void Eval(mup::ptr_val_type& result, const mup::ptr_val_type* arguments, int) override {
    *result = body_(arguments);
  }
  const mup::char_type* GetDesc() const override { return "a function"; }
  mup::IToken* Clone() const override { return new Function(*this); }

 private:
  Body body_;
};

double at(const mup::ptr_val_type* arguments, int i) { return arguments[i]->GetFloat(); }

}  // namespace

Scalar scalar_of(const std::string& text) {
  static const std::map<std::string, double> units = {
      {"", 1},     {"B", 1},    {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}, {"kB", 1e3},
      {"MB", 1e6}, {"GB", 1e9}, {"Hz", 1},     {"kHz", 1e3},     {"MHz", 1e6},        {"GHz", 1e9}};
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || !std::isfinite(number)) return text;
  const std::size_t unit = text.find_first_not_of(' ', static_cast<std::size_t>(end - text.data()));
  const auto factor = units.find(unit == std::string::npos ? "" : text.substr(unit));
  return factor == units.end() ? Scalar(text) : Scalar(number * factor->second);
}

std::string text_of(const Scalar& scalar) {
  if (const auto* text = std::get_if<std::string>(&scalar)) return *text;
  return fmt::format("{}", std::get<double>(scalar));
}

struct Expression::Parser {
  mup::ParserX parser{mup::pckALL_NON_COMPLEX};
  std::map<std::string, mup::Value> values;  ///< that the parser's variables refer to
};

Expression::Expression(const std::string& text) : text_(text), parser_(std::make_unique<Parser>()) {
  mup::ParserX& parser = parser_->parser;
  parser.DefineNameChars("0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.");
  parser.DefineFun(new Function("floor", 1, [](const auto* a) { return std::floor(at(a, 0)); }));
  parser.DefineFun(new Function("ceil", 1, [](const auto* a) { return std::ceil(at(a, 0)); }));
  parser.DefineFun(new Function("mod", 2, [](const auto* a) { return std::fmod(at(a, 0), at(a, 1)); }));
  try {
    parser.SetExpr(text);
    for (const auto& [name, token] : parser.GetExprVar()) names_.push_back(name);
    for (const std::string& name : names_) {
      parser.DefineVar(name,
                       mup::Variable(&parser_->values.try_emplace(name, mup::float_type{1}).first->second));
    }
  } catch (const mup::ParserError& error) {
    throw std::invalid_argument(error.GetMsg());
  }
}

Expression::~Expression() = default;
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;

Scalar Expression::evaluate(const Lookup& lookup) const {
  for (auto& [name, value] : parser_->values) {
    const auto found = lookup(name);
    if (!found) throw std::invalid_argument(fmt::format("nothing is called \"{}\"", name));
    if (const auto* text = std::get_if<std::string>(&*found)) {
      value = *text;
    } else {
      value = std::get<double>(*found);
    }
  }
  try {
    const mup::IValue& result = parser_->parser.Eval();
    if (result.GetType() == 's') return result.GetString();
    if (result.GetType() == 'b') return result.GetBool() ? 1.0 : 0.0;
    return static_cast<double>(result.GetFloat());
  } catch (const mup::ParserError& error) {
    throw std::invalid_argument(error.GetMsg());
  }
}

double Expression::number(const Lookup& lookup) const {
  const Scalar value = evaluate(lookup);
  if (const auto* text = std::get_if<std::string>(&value))
    throw std::invalid_argument(fmt::format("is the text \"{}\", expected a number", *text));
  return std::get<double>(value);
}

bool Expression::truth(const Lookup& lookup) const { return number(lookup) != 0; }

}  // namespace heddle::sweep
