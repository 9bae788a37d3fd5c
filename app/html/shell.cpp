#include "app/html/shell.h"

// About a megabyte: the assembler reads it, which no compiler has to parse.
asm(".pushsection .rodata\n"
    ".global heddle_page_shell\n"
    ".global heddle_page_shell_end\n"
    "heddle_page_shell:\n"
    ".incbin \"" HEDDLE_PAGE_SHELL
    "\"\n"
    "heddle_page_shell_end:\n"
    ".byte 0\n"
    ".popsection\n");

extern "C" {
extern const char heddle_page_shell[];
extern const char heddle_page_shell_end[];
}

namespace heddle::html {

std::string_view shell() {
  return {heddle_page_shell, static_cast<std::size_t>(heddle_page_shell_end - heddle_page_shell)};
}

}  // namespace heddle::html
