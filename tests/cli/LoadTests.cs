using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>jumpbag load --list and --extract, as a person types them.</summary>
public sealed class LoadTests
{
    private const string Make = """
        cat >d.sql <<'END'
        -- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)
        --
        -- Host: localhost    Database: shop
        -- ------------------------------------------------------
        -- Server version	10.11.6-MariaDB
        /*!40101 SET NAMES utf8mb4 */;
        USE `shop`;
        CREATE TABLE `t` (`id` int, `a` text);
        INSERT INTO `t` VALUES (1,'a;'),(2,'(');
        DELIMITER ;;
        CREATE TRIGGER `tr` BEFORE INSERT ON `t` FOR EACH ROW BEGIN SET @a=1; END ;;
        DELIMITER ;
        USE `other`;
        CREATE TABLE `t` (`id` int);
        CREATE TABLE `u` (`id` int);
        -- Dump completed on 2026-01-01  0:00:00
        END
        gzip -k d.sql
        head -n 9 d.sql | head -c -5 >cut.sql
        { cat d.sql; echo '\! touch ran'; } >evil.sql
        printf 'PGDMP\001\016' >custom.dump

        """;

    [Theory]
    [InlineData("jumpbag load --list d.sql", 0, @"^Type +Name +Rows +Size +Offset +Of\n[\s\S]*table +shop\.t +2 +\d+B +\d+\n[\s\S]*trigger +shop\.tr +.*shop\.t\n[\s\S]*table +other\.u +0", "^d.sql: mariadb-dump 10.11.6-MariaDB, server 10.11.6-MariaDB, database shop\n$")]
    [InlineData("jumpbag load --list -q --json d.sql.gz", 0, "\"dialect\":\"mariadb\".*\"compression\":\"gzip\".*\"state\":\"complete\".*\"type\":\"table\",\"database\":\"shop\",\"name\":\"t\",\"rows\":2,", "^$")]
    [InlineData("cat d.sql.gz | jumpbag load --list -q - | grep -c table", 0, "^3\n$", "^$")]
    [InlineData("{ echo '-- PostgreSQL database dump'; echo 'COPY t FROM stdin;'; head -c 400000 /dev/urandom | base64; printf '\\\\.\\n-- PostgreSQL database dump complete\\n'; } | gzip | jumpbag load --list -q - | tail -1", 0, @"^table +t +\d+ ", "^$")]
    [InlineData("jumpbag load --list -q d.sql d.sql | head -3", 0, @"File +Offset", "^$")]
    [InlineData("jumpbag load --extract shop.t d.sql", 0, @"^-- Table extracted[\s\S]*SET NAMES[\s\S]*CREATE TABLE `t` \(`id` int, `a` text\);\nINSERT INTO `t` VALUES \(1,'a;'\),\(2,'\('\);\nDELIMITER ;;\nCREATE TRIGGER[\s\S]*END;;\nDELIMITER ;\n\n-- Dump completed\n$", "^$")]
    [InlineData("jumpbag load --extract u d.sql.gz | jumpbag load --list -q - | tail -n +2", 0, @"^table +u +0 +28B +\d+\n$", "^$")]
    [InlineData("jumpbag load --extract t d.sql", 2, "^$", "^jumpbag: t: 2 tables have that name\nhint: say which: shop.t, other.t\n$")]
    [InlineData("jumpbag load --extract nope d.sql", 1, "^$", "^jumpbag: nope: no such table in the dump\nhint: ")]
    [InlineData("jumpbag load --list -q cut.sql", 3, @"table +shop\.t", "cut.sql is cut off at byte \\d+: within a row of INSERT INTO shop.t, which begins at byte \\d+\nhint: ")]
    [InlineData("head -c -20 d.sql.gz >x; jumpbag load --list -q x", 3, @"^Type.*\n[\s\S]*table +shop\.t ", "^warning: x is cut off at byte \\d+: the gzip data is cut off or damaged[^\n]*\nhint: ")]
    [InlineData("printf '\\xef\\xbb\\xbf' | cat - d.sql >bom.sql; jumpbag load --list -q bom.sql | grep -c table", 0, "^3\n$", "^$")]
    [InlineData("jumpbag load --list -q --rename t=x d.sql", 2, "^$", "^jumpbag: --rename goes with loading, not with --list\n")]
    [InlineData("jumpbag load --extract u --tables '' --jobs 3 d.sql", 2, "^$", "^jumpbag: --tables goes with loading, not with --extract\n")]
    [InlineData("jumpbag load --json d.sql mysql:///x", 2, "^$", "^jumpbag: --json goes with --list\nhint: ")]
    [InlineData(": >x; jumpbag load --list -q x", 3, "^$|^Type", "^warning: x is cut off at byte 0: it is empty\n")]
    [InlineData("head -c 30 d.sql >x; jumpbag load --list -q x", 3, "^$|^Type", "^warning: x is cut off at byte 30: there is no statement in it\n")]
    [InlineData("iconv -t UTF-16 d.sql >x; jumpbag load --list -q x", 4, "^$", "^jumpbag: x: is text in UTF-16[^\n]*\nhint: iconv ")]
    [InlineData("gzip <d.sql.gz >x; jumpbag load --list -q x", 4, "^$", "^jumpbag: x: is compressed twice, by gzip within gzip\nhint: gzip -dc < FILE")]
    [InlineData("gzip <custom.dump >x; jumpbag load --list -q x", 4, "^$", "^jumpbag: x, decompressed: is a dump of pg_dump in its custom format\nhint: pg_restore")]
    [InlineData("echo '<!DOCTYPE html><html>' >x; jumpbag load --list -q x", 4, "^$", "^jumpbag: x: is a web page, not a dump\nhint: ")]
    [InlineData("head -n 9 d.sql >x; jumpbag load x mysql:///nowhere?socket=none", 1, "^$", "^jumpbag: none: no such address or socket\nhint: ")]
    [InlineData("jumpbag load --list -q evil.sql; s=$?; ls ran; exit $s", 4, "^$", @"^jumpbag: evil.sql: byte \d+: the dump holds the client command \\\\!")]
    [InlineData("jumpbag load --list custom.dump", 4, "^$", "^jumpbag: custom.dump: .*custom format\nhint: pg_restore")]
    [InlineData("jumpbag load d.sql", 2, "^$", "^jumpbag: .*\nhint: ")]
    [InlineData("jumpbag load --list none.sql", 1, "^$", "^jumpbag: none.sql: no such file\n")]
    [InlineData("jumpbag load --help", 0, @"EXIT STATUS[\s\S]*EXAMPLE\n  jumpbag load", "^$")]
    public void load_says(string script, int status, string output, string errors)
    {
        using var folder = new TemporaryFolder();
        ShellResult result = JumpbagProgram.Bash(folder.Path, Make + script);
        Assert.True(result.Status == status && Regex.IsMatch(result.Output, output) && Regex.IsMatch(result.Errors, errors),
            $"exit status {result.Status}\n{result.Output}\n--- errors:\n{result.Errors}");
    }
}
