[ -x /opt/tide ] || g++ -o /opt/tide tide.cc -lgtest -lgtest_main -pthread
tool '' /opt/tide --gtest_output=xml:"$OUT.xml"
