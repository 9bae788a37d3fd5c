# Every dependency is a Debian 12 package; script/bootstrap names them all.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Protobuf REQUIRED)
find_package(ONNX REQUIRED)
find_package(TBB REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)

# Debian builds SystemC as C++17; the define lets C++20 code link against it.
pkg_check_modules(SYSTEMC REQUIRED IMPORTED_TARGET systemc)
add_library(systemc_cxx20 INTERFACE)
target_link_libraries(systemc_cxx20 INTERFACE PkgConfig::SYSTEMC Threads::Threads)
target_compile_definitions(systemc_cxx20 INTERFACE SC_CPLUSPLUS=201703L)

pkg_check_modules(MUPARSERX REQUIRED IMPORTED_TARGET muparserx)
find_package(SQLiteCpp REQUIRED)
pkg_check_modules(OPENMPI REQUIRED IMPORTED_TARGET ompi-c)

pkg_check_modules(HIGHWAY REQUIRED IMPORTED_TARGET libhwy)

# oneDNN by hand: the CMake package of libdnnl-dev asks for OpenCL's headers, which the CPU engine does not need.
find_path(DNNL_INCLUDE_DIR dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
add_library(DNNL::dnnl UNKNOWN IMPORTED)
set_target_properties(DNNL::dnnl PROPERTIES IMPORTED_LOCATION ${DNNL_LIBRARY}
                                            INTERFACE_INCLUDE_DIRECTORIES ${DNNL_INCLUDE_DIR})
