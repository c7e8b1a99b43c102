describe("broken", function()
  local bot = load_bot()
  local alice = bot:user("alice")

  it("differs in a line", function()
    alice:says("nein")
    expect(alice:hears()).to.equal("one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine")
  end)

  it("differs in a table", function()
    expect({ a = 1, b = { 1, 2 } }).to.equal { a = 1, b = { 1, 3 }, c = "x" }
  end)

  it("differs in a word", function()
    expect("a quick brown fox jumps over the lazy cat").to.equal("a quick brown fox jumps over the lazy dog")
  end)

  it("hears nothing", function()
    alice:says("x")
    alice:hears()
    alice:hears()
  end)

  it("hears too much", function()
    alice:says("x")
    alice:hears_nothing()
  end)

  it("has a bot that crashes", function()
    print("saying crash")
    alice:says("crash")
  end)

  local function helper() expect(1).to.equal(2) end

  it("fails in a helper", function()
    helper()
  end)

  it("writes a method with a dot", function()
    alice.says("x")
  end)

  it("passes", function() end)
end)
