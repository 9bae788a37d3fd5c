// What a Verilated unit prints (failed assertions) goes to rtl/plugin/plugin.cpp.
#pragma once

extern "C" int heddle_vl_printf(const char* format, ...);
