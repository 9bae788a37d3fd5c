// The page without its data: style, Vega and the modules of web/ in one HTML text, embedded when heddle is
// built.
#pragma once

#include <string_view>

namespace heddle::html {

/// Where the data and the title belong in the shell, each exactly once.
inline constexpr std::string_view kDataPlace = "@heddle-data@";
inline constexpr std::string_view kTitlePlace = "@heddle-title@";

std::string_view shell();

}  // namespace heddle::html
