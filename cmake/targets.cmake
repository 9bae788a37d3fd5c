# heddle_library(NAME dependency...): one library per folder, made of the folder's own .cpp files (main.cpp apart).
add_library(heddle_options INTERFACE)
# GCC 12 sees overlapping copies inside std::string that cannot happen (its bug 105651), hence -Wno-restrict.
target_compile_options(heddle_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Werror -Wno-restrict)
target_include_directories(heddle_options INTERFACE ${PROJECT_SOURCE_DIR})
if(HEDDLE_SANITIZE)
  target_compile_options(heddle_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined
                                                  -fno-omit-frame-pointer
                                                  -Wno-maybe-uninitialized)  # false alarms in instrumented libstdc++
  target_link_options(heddle_options INTERFACE -fsanitize=address,undefined)
endif()

function(heddle_library name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC heddle_options ${ARGN})
  else()  # headers only
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE heddle_options ${ARGN})
  endif()
endfunction()
