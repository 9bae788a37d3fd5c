#include "app/html/page.h"

#include <stdexcept>

#include "app/html/shell.h"

namespace heddle::html {
namespace {

/// JSON in which no "<" is left: nothing in it can open or close an element or a comment.
std::string embedded(const nlohmann::ordered_json& data) {
  const std::string json = data.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  std::string text;
  text.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

/// A text between tags.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string title(const nlohmann::ordered_json& data) {
  const auto found = data.find("title");
  if (found == data.end() || !found->is_string()) return "heddle";
  // dump() repairs what is no UTF-8.
  const std::string text = found->dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return escaped(nlohmann::ordered_json::parse(text).get<std::string>());
}

std::size_t place(std::string_view shell, std::string_view name, std::size_t from) {
  const std::size_t found = shell.find(name, from);
  if (found == std::string_view::npos) throw std::logic_error("the page's shell lacks " + std::string(name));
  return found;
}

}  // namespace

std::string page(const nlohmann::ordered_json& data) {
  const std::string_view whole = shell();
  const std::size_t at_title = place(whole, kTitlePlace, 0);
  const std::size_t at_data = place(whole, kDataPlace, at_title);
  const std::size_t after_title = at_title + kTitlePlace.size();
  std::string text;
  text += whole.substr(0, at_title);
  text += title(data);
  text += whole.substr(after_title, at_data - after_title);
  text += embedded(data);
  text += whole.substr(at_data + kDataPlace.size());
  return text;
}

}  // namespace heddle::html
