tool '' ruby tide_test.rb -v --seed 1
