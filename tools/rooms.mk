# The rooms, lowest floor first. A room may include from rooms on lower floors, or from rooms to
# its left on floor 3. tools/layers reads this list too.
FLOOR0 := base
FLOOR1 := sql eventlog expr http
FLOOR2 := brand
FLOOR3 := people insight scores segments groups moderation today saved
FLOOR4 := account intake api
FLOOR5 := main
