from typer.main import get_command

from molora.router.cli import app


def test_every_command_says_what_it_does():
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert {"train", "convert"} <= commands.keys()
    assert all(command.help for command in commands.values())
