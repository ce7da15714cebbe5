namespace Jumpbag.Tests.Cli;
public class SmokeTests { [Fact] public void a_byte_string_shows_control_characters_escaped() => Assert.Equal(@"a\nb", Jumpbag.Core.ByteString.FromText("a\nb").ToString()); }
