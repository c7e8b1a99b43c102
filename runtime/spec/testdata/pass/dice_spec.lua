-- Random numbers are the same in each case, and not always the same.
local first
for n = 1, 3 do
  it("is repeatable " .. n, function()
    local alice = load_bot():user("alice")
    alice:says("roll")
    alice:says("roll")
    local rolls = { alice:hears().text, alice:hears().text }
    expect(rolls[1]).never.to.equal(rolls[2])
    first = first or rolls
    expect(rolls).to.equal(first)
  end)
end
