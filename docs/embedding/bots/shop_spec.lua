-- shop_spec.lua
local alice = load_bot():user("alice")

it("sells what there is", function()
  alice:says("tea")
  expect(alice:hears()).to.match("^There are %d+ of that")
  alice:says("/order unicorn")
  expect(alice:hears()).to.equal("Sorry: only 0 of unicorn are left")
end)
