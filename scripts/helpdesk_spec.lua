describe("helpdesk", function()
  local bot = load_bot()
  local alice, bob = bot:user("alice"), bot:user("bob")
  local sam, sue = bot:user("sam"), bot:user("sue")

  -- Makes a user one of the staff.
  local function joins(user)
    user:says("/staff " .. bot.kv.get("code"))
    expect(user:hears()).to.match("^Welcome!")
  end

  it("shows the first code in the log, and takes it once", function()
    alice:says("/staff 0000")
    expect(alice:hears()).to.equal("That is not the code.")
    local code = bot.kv.get("code")
    expect(bot:log()[1]).to.contain("/staff " .. code)
    sam:says("/staff " .. code)
    alice:says("/staff " .. code)
    expect(alice:hears()).to.equal("That is not the code.")
    alice:says("/staff")
    expect(alice:hears()).to.equal("That is not the code.")
  end)

  it("hands over both ways", function()
    joins(sam)
    alice:says("It doesn't work.")
    expect(alice:hears()).to.contain("Somebody will answer")
    local first = sam:hears()
    expect(first).to.equal("#1: It doesn't work.")
    bob:says("你好")
    expect(sam:hears()).to.equal("#2: 你好")

    sam:says { text = "Is it plugged in?", quote = first }
    expect(sam:hears()).to.equal("✓ #1")
    expect(alice:hears()).to.equal("👤 Is it plugged in?")
    sam:says("#2 您好！")
    expect(bob:heard()[2]).to.equal("👤 您好！")

    alice:says("Yes.")
    alice:hears_nothing()
  end)

  it("hands over pictures, too", function()
    joins(sam)
    alice:says { text = "See:", image = { name = "error.png", data = "\137PNG\r\n\26\n" } }
    expect(sam:hears()).to.equal("#1: See:")
    local picture = sam:hears()
    expect(picture).to.have { kind = "image", data = "\137PNG\r\n\26\n" }
    sam:says { file = { name = "manual.txt", data = "Plug it in." }, quote = picture }
    expect(alice:heard()[3]).to.have { kind = "file", name = "manual.txt" }
  end)

  it("asks to whom", function()
    joins(sam)
    for _, unclear in ipairs { "Hello?", "#7 Hello", "#" } do
      sam:says(unclear)
      expect(sam:hears()).to.contain("To whom?")
    end
    alice:says("Help")
    sam:hears()
    sam:says("#1")
    expect(sam:hears()).to.contain("what shall I say")
  end)

  it("says when a customer gets it later", function()
    joins(sam)
    alice:says("Call me tomorrow.")
    sam:hears()
    alice:window { open = false }
    sam:says("#1 Good morning!")
    expect(sam:hears()).to.match("^#1 gets it later: ")
    expect(alice:waiting()).to.equal(1)
  end)

  it("keeps what comes while nobody is there", function()
    alice:says("Hello?")
    expect(alice:hears()).to.contain("when they are back")
    bot:restart()
    joins(sam)
    local waited = sam:hears()
    expect(waited).to.equal("#1: Hello?")
    sam:says { text = "Here I am.", quote = waited }
    expect(alice:hears()).to.equal("👤 Here I am.")
  end)

  it("has several members, who come and go", function()
    joins(sam)
    sam:says("/staff")
    expect(sam:hears()).to.contain(bot.kv.get("code"))
    joins(sue)
    alice:says("One")
    expect(sue:hears()).to.equal("#1: One")
    expect(sam:hears()).to.equal("#1: One")
    sam:says("/leave")
    sam:hears()
    alice:says("Two")
    expect(sue:hears()).to.equal("#1: Two")
    sam:hears_nothing()
    sue:says("/leave")
    alice:says("/leave")
    expect(alice:heard()[2]).to.contain("aren't on duty")
    alice:says("Three")
    expect(alice:heard()[3]).to.contain("when they are back")
  end)

  it("answers simple questions itself", function()
    joins(sam)
    alice:says("你们的营业时间是？")
    expect(alice:hears()).to.contain("9:00")
    alice:says("/help")
    expect(alice:hears()).to.contain("somebody will answer")
    sam:hears_nothing()
  end)
end)
