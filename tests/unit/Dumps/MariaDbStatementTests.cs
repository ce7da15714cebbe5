using Jumpbag.Core;
using Jumpbag.Databases.Dumps;

namespace Jumpbag.Tests.Unit.Dumps;

/// <summary>The traps of MariaDB's and MySQL's dumps.</summary>
public sealed class MariaDbStatementTests
{
    // Statements are shown between bars.
    [Theory]
    [InlineData("a;b;", "a|b")]
    [InlineData("a ;\n\n ; b\n;", "a|b")]
    [InlineData("-- c;\n# c;\n/* c; */ a;", "a")]
    [InlineData("--c;\na;", "a")]
    [InlineData("a -- c;\n b;", "a -- c;\n b")]
    [InlineData("a --1;b;", "a --1|b")]
    [InlineData("a # c;\n b;", "a # c;\n b")]
    [InlineData("a /* ; */ b;", "a /* ; */ b")]
    [InlineData("a 'x;y' b;", "a 'x;y' b")]
    [InlineData("a 'x'';y' b;", "a 'x'';y' b")]
    [InlineData(@"a 'x\';y' b;", @"a 'x\';y' b")]
    [InlineData(@"a 'x\\';y;", @"a 'x\\'|y")]
    [InlineData("a \"x;'\" b;", "a \"x;'\" b")]
    [InlineData("a `x;'` b;", "a `x;'` b")]
    [InlineData("a `x``;` b;", "a `x``;` b")]
    [InlineData(@"a `x\`; b;", @"a `x\`|b")]
    [InlineData("a 'line\n;\r\nline' b;", "a 'line\n;\r\nline' b")]
    [InlineData("a '\0;\xff' b;", "a '\0;\xff' b")]
    [InlineData("/*!50003 a */;b;", "/*!50003 a */|b")]
    [InlineData("/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET a=1 */;b;", "/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET a=1 */|b")]
    [InlineData("/*M!100616 SET a=1 */;b;", "/*M!100616 SET a=1 */|b")]
    [InlineData("/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump\na;", "a")]
    [InlineData("DELIMITER ;;\na;b;;\nc;;\nDELIMITER ;\nd;", "a;b|c|d")]
    [InlineData("delimiter $$\na;$b$$\ndelimiter ;\nd;", "a;$b|d")]
    [InlineData("DELIMITER //\n/* x // */ a 'q//' // b //", "a 'q//'|b")]
    [InlineData("DELIMITER ;;\n/*!50003 CREATE TRIGGER t BEGIN a; -- x;;\n b; END */;;\nDELIMITER ;", "/*!50003 CREATE TRIGGER t BEGIN a; -- x;;\n b; END */")]
    [InlineData("a '\nDELIMITER ;;\n-- Table structure for table `x`\n' b;c;", "a '\nDELIMITER ;;\n-- Table structure for table `x`\n' b|c")]
    [InlineData("USE `d`\na;", "USE `d`|a")]
    [InlineData("use d;a;", "use d|a")]
    [InlineData("SET sql_mode='NO_BACKSLASH_ESCAPES';a 'x\\';b;", "SET sql_mode='NO_BACKSLASH_ESCAPES'|a 'x\\'|b")]
    [InlineData("/*!40101 SET @OLD=@@SQL_MODE, SQL_MODE='NO_BACKSLASH_ESCAPES' */;a 'x\\';/*!40101 SET SQL_MODE=@old */;a 'x\\';b';", "/*!40101 SET @OLD=@@SQL_MODE, SQL_MODE='NO_BACKSLASH_ESCAPES' */|a 'x\\'|/*!40101 SET SQL_MODE=@old */|a 'x\\';b'")]
    [InlineData("SET GLOBAL sql_mode='NO_BACKSLASH_ESCAPES';a 'x\\';b';", "SET GLOBAL sql_mode='NO_BACKSLASH_ESCAPES'|a 'x\\';b'")]
    [InlineData("SET sql_mode='ANSI_QUOTES';a \"x\\\";b;", "SET sql_mode='ANSI_QUOTES'|a \"x\\\"|b")]
    [InlineData("SET sql_mode=1048576;a 'x\\';b;", "SET sql_mode=1048576|a 'x\\'|b")]
    [InlineData("SET NAMES sjis;a '\x95\x5C';b;", "SET NAMES sjis|a '\x95\x5C'|b")]
    [InlineData("/*!40101 SET NAMES gbk */;a '\x81\x5C';b;", "/*!40101 SET NAMES gbk */|a '\x81\x5C'|b")]
    [InlineData("SET NAMES sjis;a '\\\x95\\';b;';", "SET NAMES sjis|a '\\\x95\\';b;'")]
    [InlineData("SET NAMES utf8mb4;a '\x95\x5C';b';", "SET NAMES utf8mb4|a '\x95\x5C';b'")]
    [InlineData("INSERT INTO t VALUES (1,'\\'');INSERT INTO t VALUES (2,';');", "INSERT INTO t VALUES (1,'\\'')|INSERT INTO t VALUES (2,';')")]
    [InlineData("INSERT INTO t VALUES (1)\\g\na;", "INSERT INTO t VALUES (1)|a")]
    [InlineData("INSERT INTO t VALUES (\\N,1);a;", "INSERT INTO t VALUES (\\N,1)|a")]
    [InlineData("INSERT INTO t VALUES (1,/* ); */2),(3,4) -- x;\n,(5,6);a;", "INSERT INTO t VALUES (1,/* ); */2),(3,4) -- x;\n,(5,6)|a")]
    public void a_dump_holds_the_statements(string dump, string statements) =>
        Assert.Equal(statements, string.Join('|', Read.Texts(dump, Dialect.MariaDb)));

    [Theory]
    [InlineData("\\! rm x\n")]
    [InlineData("a;\n\\. other.sql\n")]
    [InlineData("system rm x\na;")]
    [InlineData("system rm x;")]
    [InlineData("source x.sql;")]
    [InlineData("SOURCE x.sql\na;")]
    [InlineData("pager cat\na;")]
    [InlineData("tee x;")]
    [InlineData("a \\! rm x;")]
    [InlineData("INSERT INTO t VALUES (1\\! rm x\n);")]
    [InlineData("/*M!999999\\- enable the sandbox mode */\n\\! rm x\n")]
    public void a_client_command_is_refused(string dump) =>
        Assert.Contains("client command", Assert.Throws<UnsupportedException>(() => Read.Texts(dump, Dialect.MariaDb)).Message, StringComparison.Ordinal);
}
