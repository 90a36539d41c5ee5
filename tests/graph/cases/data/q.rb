get '/sin' do
  ENV["RBX"]
end
def f(a, b)
  ENV.fetch("RBY")
  system("ls -l")
end
