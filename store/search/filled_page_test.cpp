#include "store/search/filled_page.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::search::filled_page_test {
namespace {

struct Item {
  int size = 0;  // of the text that it gets
  std::string text;
};

void drop_text(Item& item) { item.text.clear(); }

// The sizes of the texts that are used, and how many items each statement was asked for.
struct Course {
  std::string used, asked;
};

// Fills the items from the last one to the first, each in two halves.
Course run(std::vector<int> sizes, const FillAtOnce& most) {
  std::vector<Item> page;
  for (const int size : sizes) page.push_back({size, ""});
  Course course;
  each_filled(
      std::span(page), most, drop_text,
      [&](FilledItems<Item>& items) {
        const auto all = items.items();
        course.asked += std::to_string(all.size()) + " ";
        for (int half = 0; half < 2; ++half) {
          for (std::size_t i = all.size(); i-- > 0;) {
            if (!items.holds(all[i])) continue;
            const auto bytes = static_cast<std::size_t>(all[i].size / 2);
            all[i].text += std::string(bytes, 'x');
            items.grow(all[i], bytes);
          }
        }
      },
      [&](const Item& item) { course.used += std::to_string(item.text.size()) + " "; });
  return course;
}

TEST(FilledPageTest, SmallItemsAreFilledTogether) {
  const Course course = run({2, 4, 6, 8, 10}, {3, 1000});
  EXPECT_EQ(course.used, "2 4 6 8 10 ");
  EXPECT_EQ(course.asked, "3 2 ");
}

TEST(FilledPageTest, OfLargeItemsAsManyAreFilledAsFit) {
  const Course course = run({40, 40, 40, 40, 40, 40}, {6, 100});
  EXPECT_EQ(course.used, "40 40 40 40 40 40 ");
  EXPECT_EQ(course.asked, "6 2 2 ");
}

TEST(FilledPageTest, OneThatFitsNowhereIsFilledAlone) {
  const Course course = run({2, 500, 2, 2, 500}, {5, 100});
  EXPECT_EQ(course.used, "2 500 2 2 500 ");
  EXPECT_EQ(course.asked.substr(0, 4), "5 1 ");
}

TEST(FilledPageTest, AfterLargeItemsMoreAreFilledTogetherAgain) {
  const Course course = run({80, 80, 2, 2, 2, 2, 2, 2, 2}, {4, 100});
  EXPECT_EQ(course.used, "80 80 2 2 2 2 2 2 2 ");
  EXPECT_EQ(course.asked, "4 1 1 2 4 ");
}

TEST(FilledPageTest, NothingIsFilledWithoutItems) { EXPECT_EQ(run({}, {4, 100}).asked, ""); }

}  // namespace
}  // namespace millrace::search::filled_page_test
