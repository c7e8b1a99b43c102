describe("notes", function()
  local bot = load_bot()
  local alice, bob = bot:user("alice"), bot:user("bob")

  local function write(user, ...)
    for _, text in ipairs { ... } do
      user:says(text)
      expect(user:hears()).to.match("^Noted as number %d+%.$")
    end
  end

  local function asks(user, what)
    user:says(what)
    local answer = user:hears()
    user:hears_nothing()
    return answer
  end

  it("finds what was written, in any case and order", function()
    write(alice, "Buy Milk and bread #todo", "Call the milkman", "买牛奶 #待办")
    expect(asks(alice, "/find milk")).to.equal(
      "2 notes:\n2. Call the milkman (05 Jan)\n1. Buy Milk and bread #todo (05 Jan)")
    expect(asks(alice, "/find bread milk")).to.match("^1 note:\n1%. Buy")
    expect(asks(alice, "/find 牛奶")).to.contain("买牛奶")
    expect(asks(alice, "/find #todo")).to.match("^1 note:")
    expect(asks(alice, "/find a.b(")).to.equal("Nothing found.")
    expect(asks(alice, "/find")).to.contain("Find what?")
  end)

  it("shows the latest ones", function()
    expect(asks(alice, "/list")).to.contain("no notes yet")
    for i = 1, 12 do write(alice, "note " .. i) end
    local list = asks(alice, "/list")
    expect(list).to.match("^Your latest notes:\n12%. note 12 ")
    expect(list).to.match("\n3%. note 3 [^\n]+\n… and 2 older ones")
  end)

  it("counts tags", function()
    expect(asks(alice, "/tags")).to.contain("No tags yet")
    write(alice, "#todo one", "two #todo #home", "三 #待办")
    expect(asks(alice, "/tags")).to.equal("#home  1\n#todo  2\n#待办  1")
  end)

  it("deletes after asking", function()
    write(alice, "secret", "other")
    expect(asks(alice, "/delete 1")).to.contain("secret")
    expect(asks(alice, "否")).to.equal("It stays.")
    asks(alice, "/delete 1")
    expect(asks(alice, "yes")).to.equal("Deleted.")
    expect(asks(alice, "/find secret")).to.equal("Nothing found.")
    for _, wrong in ipairs { "/delete", "/delete 1", "/delete x", "/delete -2", "/delete 1e3" } do
      expect(asks(alice, wrong)).to.contain("Which one?")
    end
    write(alice, "third")
    expect(asks(alice, "/list")).to.match("\n3%. third")
  end)

  it("keeps notes apart, and over a restart", function()
    write(alice, "mine")
    bot:restart()
    expect(asks(bob, "/find mine")).to.equal("Nothing found.")
    expect(asks(alice, "/find mine")).to.contain("mine")
  end)

  it("takes what was said, but no pictures", function()
    alice:says { voice = "remember the umbrella" }
    expect(alice:hears()).to.equal("Noted as number 1.")
    alice:says { image = { name = "cat.png", data = "\137PNG" } }
    expect(alice:hears()).to.contain("texts only")
    expect(asks(alice, "/fnd umbrella")).to.contain("/help")
    expect(asks(alice, "/find umbrella")).to.match("^1 note")
  end)
end)
