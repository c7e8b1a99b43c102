-- use: lib.minHeap():push(3):push(1):push(2):pop()
-- want: 1
-- A heap in the old manner: local M, and its name from the loader.
local assert, floor = assert, math.floor
local M = {}
M._NAME = ... or "heap"
local heap = {}
heap.__index = heap
local function swap(t, a, b) t[a], t[b] = t[b], t[a] end
function heap:push(v)
  assert(v ~= nil, "cannot insert nil")
  local t = self.values
  t[#t + 1] = v
  local pos = #t
  while pos > 1 do
    local parent = floor(pos / 2)
    if not self.lt(t[pos], t[parent]) then break end
    swap(t, pos, parent)
    pos = parent
  end
  return self
end
function heap:pop()
  local t = self.values
  local top = t[1]
  t[1] = t[#t]
  t[#t] = nil
  local pos = 1
  while true do
    local child = 2 * pos
    if child > #t then break end
    if child < #t and self.lt(t[child + 1], t[child]) then child = child + 1 end
    if not self.lt(t[child], t[pos]) then break end
    swap(t, pos, child)
    pos = child
  end
  return top
end
function M.minHeap(lt) return setmetatable({ values = {}, lt = lt or function(a, b) return a < b end }, heap) end
return M
