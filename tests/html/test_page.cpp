// Is a page one file with its data in it, whatever texts the data holds?
#include <algorithm>
#include <catch2/catch.hpp>

#include "app/html/page.h"
#include "app/html/run_file.h"
#include "app/report_json.h"
#include "support/error.h"
#include "tests/app/sample_result.h"
#include "tests/scratch_folder.h"

namespace heddle::html {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kDataBegin = "<script type=\"application/json\" id=\"data\">";
constexpr const char* kDataEnd = "</script>";

Json data_in(const std::string& html) {
  const std::size_t begin = html.find(kDataBegin);
  REQUIRE(begin != std::string::npos);
  const std::size_t from = begin + std::string(kDataBegin).size();
  return Json::parse(html.substr(from, html.find(kDataEnd, from) - from));
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

std::string refusal(const std::filesystem::path& results) {
  try {
    run_file_data(results);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("a page holds data and style and libraries") {
  const Json data = {{"title", "a title"}, {"points", {1, 2.5, nullptr}}};
  const std::string html = page(data);
  CHECK(data_in(html) == data);
  CHECK_THAT(html, Catch::StartsWith("<!DOCTYPE html>") && Catch::Contains("<title>a title</title>"));
  CHECK(occurrences(html, "<script") == occurrences(html, "</script>"));
  CHECK(html.find("vegaLite") != std::string::npos);
  CHECK(html.find("src=\"http") == std::string::npos);
  CHECK(html.find("@heddle-") == std::string::npos);
}

TEST_CASE("texts of the data cannot end the element that holds them") {
  const Json data = {{"title", "</title></script><!--<script>&\"\\ \xff"},
                     {"@heddle-data@", "</SCRIPT ><!-- @heddle-title@ -->"}};
  const std::string html = page(data);
  const std::string plain = page({{"title", ""}});
  for (const char* tag : {"<script", "</script", "<!--", "</title"}) {
    CHECK(occurrences(html, tag) == occurrences(plain, tag));
  }
  CHECK(data_in(html)["@heddle-data@"] == data["@heddle-data@"]);
  CHECK_THAT(html,
             Catch::Contains(
                 "<title>&lt;/title&gt;&lt;/script&gt;&lt;!--&lt;script&gt;&amp;\"\\ \xEF\xBF\xBD</title>"));
}

TEST_CASE("data without a title has a page too") {
  for (const Json& data : {Json::object(), Json::array(), Json(nullptr), Json{{"title", 3}}}) {
    CHECK_THAT(page(data), Catch::Contains("<title>heddle</title>"));
  }
}

TEST_CASE("errors name the file and what is wrong with it") {
  const tests::ScratchFolder folder;
  const std::string file = (folder / "run.json").string();
  CHECK_THAT(refusal(file), Catch::Contains(file) && Catch::Contains("no such file"));
  tests::put(file, "");
  CHECK_THAT(refusal(file), Catch::Contains(file + ":1") && Catch::Contains("no whole JSON"));
  tests::put(file, "{\n\"heddle\": nan}");
  CHECK_THAT(refusal(file), Catch::Contains(file + ":2"));
  tests::put(file, "{\"traceEvents\": []}");
  CHECK_THAT(refusal(file),
             Catch::Contains(file) && Catch::Contains("expected the JSON file of a heddle run"));
  tests::put(file, std::string(100000, '['));
  CHECK_THAT(refusal(file), Catch::Contains("nested too deep"));
}

}  // namespace
}  // namespace heddle::html
