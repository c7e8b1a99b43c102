describe("media", function()
  local bot = load_bot()
  local alice, bob = bot:user("alice"), bot:user("bob")

  -- A picture of 640 × 300 pixels, as far as its first bytes say.
  local png = "\137PNG\r\n\26\n\0\0\0\13IHDR\0\0\2\128\0\0\1\44\8\6\0\0\0" .. ("x"):rep(2000)
  local gif = "GIF89a\16\0\1\1" .. ("\0"):rep(20)

  local function asks(user, what)
    user:says(what)
    return user:hears()
  end

  it("describes what it gets", function()
    expect(asks(alice, { image = { name = "cat.png", data = png } })).to.match(
      "^1%. .*%.png: image/png, 2%.0 KB, 640 × 300 pixels$")
    expect(asks(alice, { image = { name = "a.gif", data = gif } })).to.contain("image/gif, 30 bytes, 16 × 257 pixels")
    expect(asks(alice, { file = { name = "报告.txt", data = "hello" } })).to.equal("3. 报告.txt: text/plain, 5 bytes")
    expect(asks(alice, "hello")).to.contain("/help")
  end)

  it("sends back what it kept, after a restart too", function()
    asks(alice, { image = { name = "cat.png", data = png } })
    asks(alice, { file = { name = "../报告.txt", data = "hello" } })
    bot:restart()
    expect(asks(alice, "/get 1")).to.have { kind = "image", data = png }
    local file = asks(alice, "/get 2")
    expect(file).to.have { kind = "file", data = "hello" }
    expect(file.name).to.contain("报告.txt")
    alice:hears_nothing()
  end)

  it("says so when it can't keep something", function()
    local poor = load_bot("media.lua", { files = {} })
    expect(asks(poor:user("alice"), { file = { name = "a.txt", data = "a" } })).to.equal("I couldn't keep that file.")
    expect(poor:log()).to.contain("may not write")
  end)

  it("lists and deletes", function()
    expect(asks(alice, "/list")).to.contain("nothing of yours")
    asks(alice, { file = { name = "a.txt", data = "a" } })
    asks(alice, { file = { name = "b.txt", data = "bb" } })
    expect(asks(alice, "/list")).to.equal("1. a.txt (1 bytes)\n2. b.txt (2 bytes)")
    expect(asks(alice, "/delete 1")).to.equal("Deleted: a.txt")
    for _, wrong in ipairs { "/get 1", "/get", "/delete x", "/get -1" } do
      expect(asks(alice, wrong)).to.contain("Which one?")
    end
    expect(asks(alice, "/list")).to.equal("2. b.txt (2 bytes)")
  end)

  it("keeps users apart", function()
    asks(alice, { file = { name = "secret.txt", data = "a" } })
    expect(asks(bob, "/list")).to.contain("nothing of yours")
    expect(asks(bob, "/get 1")).to.contain("Which one?")
  end)

  it("keeps what is quoted, too", function()
    asks(alice, { image = { name = "cat.png", data = png } })
    local picture = asks(alice, "/get 1")
    expect(asks(alice, { text = "this one", quote = picture })).to.match("^2%. image2%.png: .*640 × 300 pixels$")
    expect(asks(alice, { text = "and that?", quote = "hello" })).to.contain("/help")
  end)
end)
