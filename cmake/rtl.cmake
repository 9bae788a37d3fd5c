# add_rtl_unit(NAME unit PARAMETERS name=value...): verilates a unit of rtl/ and compiles it into the shared library
# that heddle loads for this configuration: build/<preset>/rtl/<unit>-<values>.so. Parameters in the order of
# docs/socket.md. Other configurations are built when they are asked for.
find_program(VERILATOR verilator REQUIRED)

function(add_rtl_unit)
  cmake_parse_arguments(RTL "" "NAME" "PARAMETERS" ${ARGN})
  set(file ${RTL_NAME})
  set(arguments "")
  foreach(parameter IN LISTS RTL_PARAMETERS)
    string(REGEX REPLACE "^[^=]*=" "" value ${parameter})
    string(APPEND file "-${value}")
    list(APPEND arguments --parameter ${parameter})
  endforeach()
  set(folder ${PROJECT_SOURCE_DIR}/rtl)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/common/*.sv ${folder}/${RTL_NAME}/*.sv)
  file(GLOB others CONFIGURE_DEPENDS ${folder}/common/*.svh ${folder}/plugin/* ${folder}/${RTL_NAME}/*.svh)
  set(library ${PROJECT_BINARY_DIR}/rtl/${file}.so)
  add_custom_command(
    OUTPUT ${library}
    COMMAND ${CMAKE_COMMAND} -E env CXX=${CMAKE_CXX_COMPILER} ${folder}/build_unit --output ${library} --unit ${RTL_NAME}
            ${arguments} ${sources}
    DEPENDS ${sources} ${others} ${folder}/build_unit ${folder}/model.h ${folder}/${RTL_NAME}/ports.inc
    COMMENT "Verilating ${file}"
    VERBATIM)
  add_custom_target(rtl_${file} ALL DEPENDS ${library})
  set_property(GLOBAL APPEND PROPERTY HEDDLE_RTL_UNITS rtl_${file})
endfunction()
