using System.Text;
using Jumpbag.Databases.Dumps;

namespace Jumpbag.Tests.Unit.Dumps;

public sealed class HeaderTests
{
    [Theory]
    [InlineData("/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)\n--\n-- Host: db1    Database: shop\n-- ------------------------------------------------------\n-- Server version\t10.11.6-MariaDB-log\n/*!40101 SET NAMES utf8mb4 */;\n-- CHANGE MASTER TO MASTER_LOG_FILE='bin.000012', MASTER_LOG_POS=345;\nSET GLOBAL gtid_slave_pos='0-1-77';\n",
        "mariadb-dump 10.11.6-MariaDB 10.11.6-MariaDB-log db1 shop bin.000012 345 0-1-77 utf8mb4")]
    [InlineData("-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n--\n-- Host: localhost    Database: \n-- ------------------------------------------------------\n-- Server version\t8.0.36\n/*!50503 SET NAMES utf8mb4 */;\nSET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'a-b:1-5,\nc-d:1';\nCHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='b.1', SOURCE_LOG_POS=4;\n",
        "mysqldump 8.0.36 8.0.36 localhost  b.1 4 a-b:1-5,c-d:1 utf8mb4")]
    [InlineData("--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)\n-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)\n\nSET client_encoding = 'UTF8';\n", "pg_dump 15.18 15.18      UTF8")]
    [InlineData("-- phpMyAdmin SQL Dump\n-- version 5.2.1\n-- https://www.phpmyadmin.net/\n--\n-- Host: localhost:3306\n-- Server version: 10.6.16-MariaDB\n-- PHP Version: 8.1\n/*!40101 SET NAMES utf8mb4 */;\n--\n-- Database: `shop`\n--\n", "phpMyAdmin 5.2.1 10.6.16-MariaDB localhost:3306 shop    utf8mb4")]
    [InlineData("# ************************************************************\n# Sequel Pro SQL dump\n# Version 4541\n#\n# http://www.sequelpro.com/\n#\n# Host: 127.0.0.1 (MySQL 5.7.20)\n# Database: shop\n/*!40101 SET NAMES utf8 */;\n", "Sequel Pro 4541  127.0.0.1 shop    utf8")]
    [InlineData("SELECT 1;", "        ")]
    public void the_header_tells(string head, string facts)
    {
        DumpHeader header = DumpHeader.Parse(Encoding.Latin1.GetBytes(head));
        Assert.Equal(facts, $"{header.Program} {header.ProgramVersion} {header.ServerVersion} {header.Host} {header.Database} {header.BinlogFile} {header.BinlogPosition} {header.Gtid} {header.Charset}");
    }
}
