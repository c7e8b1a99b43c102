describe("quiz", function()
  local bot = load_bot()
  local alice, bob = bot:user("alice"), bot:user("bob")

  local right = {
    ["planet"] = "Jupiter", ["guzheng"] = "21", ["zodiac"] = "Cat", ["红楼梦"] = "曹雪芹", ["7 × 8"] = "56",
    ["gas"] = "Carbon dioxide", ["paper money"] = "China", ["byte"] = "8",
  }

  -- The number of the right or of a wrong answer, as a player writes it.
  local function number_of(question, wrong)
    for word, answer in pairs(right) do
      if question.text:find(word, 1, true) then
        local place = tonumber(question.text:match("(%d)%. " .. answer .. "%f[\n%z]"))
        return wrong and place % 3 + 1 or place
      end
    end
    error("unknown question: " .. question.text)
  end

  -- Plays a round, in which the nth answer comes after seconds[n]; false is wrong.
  local function play(user, seconds)
    user:says("/quiz")
    if not user.kv:get("name") then
      expect(user:hears()).to.contain("which name")
      user:says(user.id)
    end
    for n = 1, 5 do
      local question = user:hears()
      expect(question).to.match("^Question " .. n .. " of 5")
      clock.advance(seconds[n] or 0)
      user:says(number_of(question, seconds[n] == false))
      expect(user:hears()).to.match(seconds[n] == false and "^❌ No" or "^✅")
    end
    return user:hears()
  end

  it("gives points for being right and fast", function()
    expect(play(alice, { 0, 0, 0, 0, 0 })).to.match("^50 points! Your best is 50")
    expect(play(alice, { 19, false, 10, false, false })).to.match("^14 points! Your best is 50")
    alice:hears_nothing()
  end)

  it("has a list of the best", function()
    alice:says("/top")
    expect(alice:hears()).to.contain("Nobody")
    play(alice, { 0, false, false, false, false })
    play(bob, { 0, 0, false, false, false })
    alice:says("/top")
    expect(alice:hears()).to.equal("🏆\n1. bob  20\n2. alice  10  ← you")
  end)

  it("doesn't wait for ever", function()
    alice.kv:set("name", "Alice")
    alice:says("/quiz")
    alice:hears()
    clock.advance(20)
    expect(alice:hears()).to.contain("Too late")
    expect(alice:hears()).to.match("^Question 2")
    alice:says("what?")
    expect(alice:hears()).to.contain("wasn't among them")
  end)

  it("goes on after a restart, and can be stopped", function()
    alice.kv:set("name", "Alice")
    alice:says("/quiz")
    local question = alice:hears()
    bot:restart()
    alice:says(number_of(question))
    expect(alice:hears()).to.match("10 points")
    alice:hears()
    alice:says("停")
    expect(alice:hears()).to.contain("doesn't count")
    expect(bot.kv.get("scores")).to.be_nil()
    alice:says("hi")
    expect(alice:hears()).to.contain("/quiz")
  end)
end)
