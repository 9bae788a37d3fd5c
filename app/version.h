// The version that results echo, from CMake's project().
#pragma once

namespace heddle::app {

inline constexpr const char* kVersion = HEDDLE_VERSION;

}  // namespace heddle::app
