// make_page DATA.json PAGE.html: the page of any data, as `heddle report` writes it of its results.
#include <cstdio>
#include <fstream>

#include "app/html/page.h"
#include "support/write_file.h"

int main(int argc, char* argv[]) {
  if (argc != 3) {
    std::fputs("expected: make_page DATA.json PAGE.html\n", stderr);
    return 2;
  }
  std::ifstream stream(argv[1]);
  heddle::write_file(argv[2], heddle::html::page(nlohmann::ordered_json::parse(stream)));
}
